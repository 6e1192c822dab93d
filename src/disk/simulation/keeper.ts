import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { HearsayError } from '../../errors.js'
import type { Tested } from '../../methods/index.js'
import type { KeptState, NamedHead } from '../../node/index.js'
import { bytesOf, type Layout } from '../../tensors/index.js'
import { writeCheckpoint } from '../checkpoint-file.js'
import { contentsOf } from '../checkpoint-format.js'
import { explainDisk, replaceFile, syncFiles, syncFolder, writeNew } from '../durable.js'
import {
  type KeptOptions,
  optionsFile,
  roundName,
  type SavedFigures,
  sha256,
  statePath,
  wholeRounds,
} from './format.js'

/** The state that a peer resumes with. */
export interface PeerState extends KeptState {
  readonly parameters: Float32Array
}

/** Keeps a simulation's state, round by round. */
export interface StateKeeper {
  /**
   * Keeps a peer's state when it has ended a round, or died in it. The state must not change until this resolves.
   */
  keep(peer: number, round: number, state: PeerState): Promise<void>
  /** Commits a round that all peers have ended: the run can resume after it. */
  commit(
    figures: SavedFigures,
    peers: readonly { readonly failed: boolean; readonly tested: Tested | undefined }[],
  ): Promise<void>
}

export interface StateInit {
  /** The run's folder. */
  readonly folder: string
  readonly runId: Uint8Array
  /** Of each peer's model. */
  readonly layouts: readonly Layout[]
  /** Of each model's shared part. */
  readonly head: Layout
  /** Resolves when all events so far are on the disk: the kept state is never ahead of them. */
  readonly told: () => Promise<void>
  /** Called once when the disk fails: no state is kept from then on, and the run continues for its result. */
  readonly onLost: (error: HearsayError) => void
  /** Number of complete rounds. Files of later ones could not be read, and are removed. */
  readonly rounds: number
  readonly signal: AbortSignal
}

interface Written {
  /** Digest of its checkpoint. */
  readonly checkpoint: string
  readonly held: readonly NamedHead[]
}

/** The round before is kept too, in case the disk damages one. */
const keptRounds = 2

/**
 * Keeps each round in the run's folder. Errors of the disk are reported to `onLost`, and not thrown.
 *
 * @throws the signal's reason, from `keep` and `commit`
 */
export async function createStateKeeper(init: StateInit, options: KeptOptions): Promise<StateKeeper> {
  const { folder, runId, layouts, head, signal } = init
  const path = statePath(folder)
  const digests = new Map<number, Written[]>()
  const writing = new Map<number, Promise<void>[]>()
  const unfinished = (round: number): string => join(path, `round-${round + 1}.part`)
  let isLost = false
  /** Runs the work, unless the disk has failed before. */
  const onDisk = async (work: () => Promise<unknown>): Promise<void> => {
    if (isLost) return
    try {
      await work()
    } catch (error) {
      const explained = explainDisk(
        error,
        path,
        'The state of the run is kept no more; it can go on from what was kept',
      )
      if (!(explained instanceof HearsayError)) throw explained
      if (!isLost) init.onLost(explained)
      isLost = true
    }
  }

  async function write(peer: number, round: number, { parameters, method, heads: held }: PeerState): Promise<void> {
    const place = unfinished(round)
    await mkdir(place, { recursive: true })
    const contents = contentsOf(
      { runId, layout: layouts[peer]!, head },
      { round: round + 1, name: `peer ${peer}`, parameters, method, heads: [] },
    )
    const checkpoint = await writeCheckpoint(join(place, `${peer}.safetensors`), contents, signal, writeNew)
    const ofRound = digests.get(round) ?? []
    digests.set(round, ofRound)
    ofRound[peer] = { checkpoint, held }
  }

  await onDisk(async () => {
    await mkdir(path, { recursive: true })
    for (const name of await readdir(path)) {
      const isLater = Number(roundName.exec(name)?.[1] ?? 0) > init.rounds
      if (isLater || name.endsWith('.part')) await rm(join(path, name), { recursive: true, force: true })
    }
    await replaceFile(join(path, optionsFile), `${JSON.stringify(options, null, 2)}\n`)
  })

  return {
    async keep(peer, round, state) {
      const work = onDisk(() => write(peer, round, state))
      const ofRound = writing.get(round) ?? []
      writing.set(round, ofRound)
      ofRound.push(work)
      await work
    },
    async commit(run, peers) {
      const round = run.rounds - 1
      await Promise.all(writing.get(round) ?? [])
      writing.delete(round)
      await onDisk(init.told)
      if (isLost) return
      const ofRound = digests.get(round)!
      digests.delete(round)
      const place = unfinished(round)
      const { kept, heads } = keptRun(runId, run, peers, ofRound)
      await onDisk(async () => {
        await writeBytes(join(place, 'heads'), heads)
        await writeBytes(join(place, 'run.json'), JSON.stringify(kept))
        // All files of the round are synced at once: syncing each as it was written took 1.4 to 4 times as long (16
        // peers, 4,810 parameters; on a quiet disk and a busy one).
        await syncFiles((await readdir(place)).map(file => join(place, file)))
        await syncFolder(place)
        await rename(place, join(path, `round-${run.rounds}`))
        for (const old of (await wholeRounds(path)).slice(keptRounds)) {
          await rm(join(path, `round-${old}`), { recursive: true, force: true })
        }
      })
    },
  }
}

/** The contents of `run.json` for a complete round, and the heads that peers hold of each other, each once. */
function keptRun(
  runId: Uint8Array,
  { lastTested, ...figures }: SavedFigures,
  peers: Parameters<StateKeeper['commit']>[1],
  written: readonly Written[],
): { readonly kept: object; readonly heads: Uint8Array } {
  const held = new Map(written.flatMap(({ held }) => held).map(head => [keyOf(head), head]))
  const keys = [...held.keys()].sort()
  const places = new Map(keys.map((key, place) => [key, place]))
  const heads = Buffer.concat(keys.map(key => bytesOf(held.get(key)!.head)))
  const kept = {
    format: 'hearsay simulation 2',
    run: Buffer.from(runId).toString('hex'),
    ...figures,
    ...(lastTested && { lastTested }),
    peers: peers.map(({ failed, tested }, peer) => {
      const { checkpoint, held } = written[peer]!
      return { failed, ...(tested && { tested }), checkpoint, heads: held.map(head => places.get(keyOf(head))!) }
    }),
    heads: keys.map(key => {
      const { peer, name, round } = held.get(key)!
      return { peer, name, round }
    }),
    headsDigest: sha256(heads),
  }
  return { kept, heads }
}

function writeBytes(path: string, bytes: Uint8Array | string): Promise<void> {
  return writeNew(path, file => file.writeFile(bytes))
}

/** Removes the state of a run that is over, as it is not resumed: at once, wherever the process is killed meanwhile. */
export async function dropState(folder: string): Promise<void> {
  await rm(join(statePath(folder), optionsFile), { force: true })
  await rm(statePath(folder), { recursive: true, force: true })
}

/** Identifies a head: it is the same at all peers that have received it. */
function keyOf({ peer, round }: NamedHead): string {
  return `${peer}/${round}`
}
