import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { HearsayError } from '../../errors.js'
import type { Tested, Unmerged } from '../../methods/index.js'
import type { Layout } from '../../tensors/index.js'
import { checkpointHeader, writeCheckpoint } from '../checkpoint-file.js'
import { explainDisk, replaceFile, syncFiles, syncFolder, writeNew } from '../durable.js'
import {
  bytesOf,
  type KeptMixture,
  type KeptOptions,
  roundName,
  type SavedFigures,
  sha256,
  statePath,
  wholeRounds,
} from './format.js'

/** What a peer goes on with. */
export interface PeerState {
  readonly parameters: Float32Array
  readonly mixture: KeptMixture | undefined
  /** Of merges: see `Belief`. */
  readonly usual: readonly number[]
  /** Of merges: see `Entry`. */
  readonly unmerged: Unmerged | undefined
}

/** Keeps a simulation's state, round by round. */
export interface StateKeeper {
  /**
   * A peer has ended a round, or died in it. Its model must stay as it is until this resolves.
   */
  keep(peer: number, round: number, state: PeerState): Promise<void>
  /** All peers have: this round is where the run can go on from. */
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
  /** Resolves when everything that was told of the run so far is on the disk: what is kept is never ahead of it. */
  readonly told: () => Promise<void>
  /** Told once when the disk refuses: nothing is kept from then on, and the run goes on for its result. */
  readonly onLost: (error: HearsayError) => void
  /** Rounds that are whole. What is kept of later ones could not be read, and gives way. */
  readonly rounds: number
  readonly signal: AbortSignal
}

interface Written {
  readonly model: string
  readonly usual: readonly number[]
  readonly before?: { readonly digest: string; readonly loss: number }
  readonly mixture?: string
  readonly held?: KeptMixture['experts']
}

/** The round before stays until the next is there, should the disk damage one. */
const keptRounds = 2

/**
 * Keeps each round in the run's folder.
 *
 * @throws {@link HearsayError} RUN where the disk refuses, from each of its functions
 */
export async function createStateKeeper(init: StateInit, options: KeptOptions): Promise<StateKeeper> {
  const { folder, runId, layouts, signal } = init
  const path = statePath(folder)
  const digests = new Map<number, Written[]>()
  const writing = new Map<number, Promise<void>[]>()
  const unfinished = (round: number): string => join(path, `round-${round + 1}.part`)
  let isLost = false
  /** Does it, unless the disk has refused before. */
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

  async function write(
    peer: number,
    round: number,
    { parameters, mixture: kept, usual, unmerged }: PeerState,
  ): Promise<void> {
    const place = unfinished(round)
    await mkdir(place, { recursive: true })
    const kind = { runId, layout: layouts[peer]! }
    const header = checkpointHeader(kind, { round: round + 1, name: `peer ${peer}`, parameters, state: {} })
    const model = await writeCheckpoint(join(place, `${peer}.model`), header, parameters, signal, writeNew)
    const before = unmerged && { digest: sha256(bytesOf(unmerged.head)), loss: unmerged.loss }
    if (unmerged !== undefined) await writeBytes(join(place, `${peer}.before`), bytesOf(unmerged.head))
    if (kept !== undefined) await writeBytes(join(place, `${peer}.mixture`), kept.weights)
    const ofRound = digests.get(round) ?? []
    digests.set(round, ofRound)
    ofRound[peer] = {
      model,
      usual,
      ...(before && { before }),
      ...(kept && { mixture: sha256(kept.weights), held: kept.experts }),
    }
  }

  await onDisk(async () => {
    await mkdir(path, { recursive: true })
    for (const name of await readdir(path)) {
      const isLater = Number(roundName.exec(name)?.[1] ?? 0) > init.rounds
      if (isLater || name.endsWith('.part')) await rm(join(path, name), { recursive: true, force: true })
    }
    await replaceFile(join(path, 'options.json'), `${JSON.stringify(options, null, 2)}\n`)
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
        if (heads.length > 0) await writeBytes(join(place, 'heads'), heads)
        await writeBytes(join(place, 'run.json'), JSON.stringify(kept))
        // All of the round at once: to wait for each as it was written took 1.4 to 4 times as long (16 peers, 4,810
        // parameters; on a quiet disk and a busy one).
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

/** What `run.json` says of a whole round, and the heads that mixtures hold of each other, each once. */
function keptRun(
  runId: Uint8Array,
  { lastTested, ...figures }: SavedFigures,
  peers: Parameters<StateKeeper['commit']>[1],
  written: readonly Written[],
): { readonly kept: object; readonly heads: Uint8Array } {
  const all = written.flatMap(({ held = [] }) => held)
  const experts = new Map(all.map(expert => [keyOf(expert), expert]))
  const keys = [...experts.keys()].sort()
  const heads = Buffer.concat(keys.map(key => bytesOf(experts.get(key)!.head)))
  const kept = {
    format: 'hearsay simulation 1',
    run: Buffer.from(runId).toString('hex'),
    ...figures,
    ...(lastTested && { lastTested }),
    peers: peers.map(({ failed, tested }, peer) => {
      const { model, usual, before, mixture, held } = written[peer]!
      return {
        failed,
        ...(tested && { tested }),
        usual,
        ...(before && { before }),
        model,
        ...(mixture !== undefined && { mixture, experts: held!.map(expert => keys.indexOf(keyOf(expert))) }),
      }
    }),
    ...(keys.length > 0 && {
      heads: keys.map(key => {
        const { peer, name, round } = experts.get(key)!
        return { peer, name, round }
      }),
      headsDigest: sha256(heads),
    }),
  }
  return { kept, heads }
}

function writeBytes(path: string, bytes: Uint8Array | string): Promise<void> {
  return writeNew(path, file => file.writeFile(bytes))
}

/** A run that is over is not gone on with. */
export async function dropState(folder: string): Promise<void> {
  await rm(statePath(folder), { recursive: true, force: true })
}

/** A head of one peer is the same at all that have heard it. */
function keyOf({ peer, round }: KeptMixture['experts'][number]): string {
  return `${peer}/${round}`
}
