import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { Dataset } from '../data/index.js'
import { HearsayError } from '../errors.js'
import { backendSchema } from '../learner/index.js'
import {
  checkpointHeader,
  explainDisk,
  type PeerMixture,
  readCheckpoint,
  replaceFile,
  type Tested,
  writeCheckpoint,
} from '../node/index.js'
import type { Layout } from '../tensors/index.js'
import type { RoundFigures } from '../watch/index.js'

/*
 * What a simulation keeps after every round, so that it can go on from there with the same numbers: a folder for each of
 * the last two whole rounds. Models are checkpoints, as those of a peer in the field. A folder has its name only when
 * all of it is there; training has no state of its own between rounds, since batches, rates and momentum begin anew.
 *
 * ```
 * state/options.json          what else decides the numbers
 * state/round-12/run.json     figures up to there, digests of the rest
 * state/round-12/3.model      a peer's model
 * state/round-12/3.mixture    of a mixture: its transforms and gate
 * state/round-12/heads        of a mixture: the heads that peers hold of each other, each once
 * ```
 */

const faults = z.array(z.strictObject({ peer: z.int().min(0), round: z.int().min(0) })).max(100_000)

/** What decides a simulation's numbers beside the manifest. */
const optionsSchema = z.strictObject({
  backend: z.enum(backendSchema.options).exclude(['auto']),
  workers: z.int().min(1).max(256),
  transport: z.enum(['tcp', 'memory']),
  baselines: z.boolean(),
  faults,
  lies: faults,
  disconnect: z.number().min(0).max(1).optional(),
  /** SHA-256 of the samples, in hex: a file may have changed. */
  data: z.string().regex(/^[0-9a-f]{64}$/),
})

export type KeptOptions = z.output<typeof optionsSchema>

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const figures = z.looseObject({ type: z.literal('round'), round: z.int().min(0) })
const tested = z.looseObject({ accuracy: z.number().nullable(), loss: z.number().nullable() })

const runSchema = z.strictObject({
  format: z.literal('hearsay simulation 1'),
  run: digest,
  /** Rounds that are whole. */
  rounds: z.int().min(1),
  last: figures,
  lastTested: figures.optional(),
  samples: z.number().min(0),
  absent: z.number().min(0),
  sentBytes: z.number().min(0),
  seconds: z.number().min(0),
  rejected: z.record(z.string().max(64), z.number().min(0)),
  peers: z
    .array(
      z.strictObject({
        failed: z.boolean(),
        tested: tested.optional(),
        model: digest,
        mixture: digest.optional(),
        /** The heads that it holds, as places in `heads`. */
        experts: z.array(z.int().min(0)).max(100_000).optional(),
      }),
    )
    .min(1)
    .max(100_000),
  /** The heads in the file `heads`, in that order. */
  heads: z
    .array(z.strictObject({ peer: z.string().max(128), name: z.string().max(64).optional(), round: z.int().min(0) }))
    .optional(),
  headsDigest: digest.optional(),
})

type Kept = z.output<typeof runSchema>
type KeptMixture = ReturnType<PeerMixture['kept']>

/** What a run's figures are after its whole rounds. */
export interface SavedFigures {
  readonly rounds: number
  readonly last: RoundFigures
  readonly lastTested: RoundFigures | undefined
  readonly samples: number
  readonly absent: number
  readonly sentBytes: number
  readonly seconds: number
  readonly rejected: Readonly<Record<string, number>>
}

/** A run after its whole rounds. */
export interface SavedRun extends SavedFigures {
  readonly peers: readonly {
    readonly failed: boolean
    readonly tested: Tested | undefined
    readonly parameters: Float32Array
    readonly mixture?: KeptMixture
  }[]
}

/** Keeps a simulation's state, round by round. */
export interface StateKeeper {
  /**
   * A peer has ended a round, or died in it. Its model must stay as it is until this resolves.
   */
  keep(peer: number, round: number, parameters: Float32Array, mixture: KeptMixture | undefined): Promise<void>
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

const statePath = (folder: string): string => join(folder, 'state')
const roundName = /^round-(\d{1,7})$/
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
  const digests = new Map<number, { model: string; mixture?: string; held?: KeptMixture['experts'] }[]>()
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
    parameters: Float32Array,
    kept: KeptMixture | undefined,
  ): Promise<void> {
    const place = unfinished(round)
    await mkdir(place, { recursive: true })
    const kind = { runId, layout: layouts[peer]! }
    const header = checkpointHeader(kind, { round: round + 1, name: `peer ${peer}`, parameters, state: {} })
    const model = await writeCheckpoint(join(place, `${peer}.model`), header, parameters, signal)
    if (kept !== undefined) await replaceFile(join(place, `${peer}.mixture`), kept.weights)
    const ofRound = digests.get(round) ?? []
    digests.set(round, ofRound)
    ofRound[peer] = { model, ...(kept && { mixture: sha256(kept.weights), held: kept.experts }) }
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
    async keep(peer, round, parameters, mixture) {
      const work = onDisk(() => write(peer, round, parameters, mixture))
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
      const all = ofRound.flatMap(({ held = [] }) => held)
      const heads = new Map(all.map(expert => [keyOf(expert), expert]))
      const keys = [...heads.keys()].sort()
      const numbers = Buffer.concat(keys.map(key => bytesOf(heads.get(key)!.head)))
      const { lastTested, ...others } = run
      const kept = {
        format: 'hearsay simulation 1',
        run: Buffer.from(runId).toString('hex'),
        ...others,
        ...(lastTested && { lastTested }),
        peers: peers.map(({ failed, tested }, peer) => {
          const { model, mixture, held } = ofRound[peer]!
          return {
            failed,
            ...(tested && { tested }),
            model,
            ...(mixture !== undefined && { mixture, experts: held!.map(expert => keys.indexOf(keyOf(expert))) }),
          }
        }),
        ...(keys.length > 0 && {
          heads: keys.map(key => {
            const { peer, name, round } = heads.get(key)!
            return { peer, name, round }
          }),
          headsDigest: sha256(numbers),
        }),
      }
      await onDisk(async () => {
        if (keys.length > 0) await replaceFile(join(place, 'heads'), numbers)
        await replaceFile(join(place, 'run.json'), JSON.stringify(kept))
        await rename(place, join(path, `round-${run.rounds}`))
        for (const old of (await wholeRounds(path)).slice(keptRounds)) {
          await rm(join(path, `round-${old}`), { recursive: true, force: true })
        }
      })
    },
  }
}

/** A run that is over is not gone on with. */
export async function dropState(folder: string): Promise<void> {
  await rm(statePath(folder), { recursive: true, force: true })
}

/** Latest first. */
async function wholeRounds(path: string): Promise<number[]> {
  const rounds = (await readdir(path)).flatMap(name => roundName.exec(name)?.slice(1) ?? [])
  return rounds.map(Number).sort((a, b) => b - a)
}

/** Figures of a thousand peers with their gates. */
const runBytes = 256 * 1024 * 1024

/**
 * With which options a run was begun.
 *
 * @throws {@link HearsayError} RUN when its folder keeps no state
 */
export async function readKeptOptions(folder: string): Promise<KeptOptions> {
  const path = join(statePath(folder), 'options.json')
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch {
    throw new HearsayError(
      'RUN',
      `--resume ${folder}: keeps no state to go on from; a run keeps one when it is begun with --out, until it is over`,
    )
  }
  const options = optionsSchema.safeParse(jsonOf(text))
  if (!options.success) throw new HearsayError('RUN', `${path}: is not as it was written; begin the run anew`)
  return options.data
}

/**
 * The last whole round that is kept undamaged; undefined where none was whole yet.
 *
 * `tell` is told of a damaged one, which is passed over.
 *
 * @throws {@link HearsayError} RUN when it is of another run, or all are damaged
 */
export async function readState(
  { folder, runId, layouts, tell }: Pick<StateInit, 'folder' | 'runId' | 'layouts'> & { tell: (line: string) => void },
  headLayout: Layout,
): Promise<SavedRun | undefined> {
  const path = statePath(folder)
  const rounds = await wholeRounds(path)
  for (const round of rounds) {
    const read = await readRound(join(path, `round-${round}`), { runId, layouts }, headLayout)
    if (typeof read !== 'string') return read
    tell(`${read}; the round before is taken`)
  }
  if (rounds.length === 0) return undefined
  throw new HearsayError('RUN', `${path}: all rounds that were kept are damaged; begin the run anew`)
}

/** @returns what is wrong, where it is damaged */
async function readRound(
  place: string,
  { runId, layouts }: Pick<StateInit, 'runId' | 'layouts'>,
  headLayout: Layout,
): Promise<SavedRun | string> {
  const path = join(place, 'run.json')
  const damaged = `${place}: is damaged`
  if ((await stat(path).catch(() => undefined))?.isFile() !== true || (await stat(path)).size > runBytes) return damaged
  const parsed = runSchema.safeParse(jsonOf(await readFile(path, 'utf8')))
  if (!parsed.success || parsed.data.peers.length !== layouts.length) return damaged
  const kept: Kept = parsed.data
  if (kept.run !== Buffer.from(runId).toString('hex')) {
    throw new HearsayError('RUN', `${place}: is of another run than manifest.yaml beside it; bring back the manifest`)
  }
  const heads = await readHeads(place, kept, headLayout)
  if (heads === undefined) return damaged
  const peers: SavedRun['peers'][number][] = []
  for (const [peer, { failed, tested, model, mixture, experts = [] }] of kept.peers.entries()) {
    const read = await readCheckpoint(join(place, `${peer}.model`), model, { runId, layout: layouts[peer]! })
    if (!read.ok) return read.reason
    let weights: Uint8Array | undefined
    if (mixture !== undefined) {
      weights = await readFile(join(place, `${peer}.mixture`)).catch(() => undefined)
      if (weights === undefined || sha256(weights) !== mixture || experts.some(at => heads[at] === undefined))
        return damaged
    }
    peers.push({
      failed,
      tested: tested as Tested | undefined,
      parameters: read.checkpoint.parameters,
      ...(weights && { mixture: { weights, experts: experts.map(at => heads[at]!) } }),
    })
  }
  const { last, lastTested, rounds, samples, absent, sentBytes, seconds, rejected } = kept
  const [latest, latestTested] = [last, lastTested] as unknown as [RoundFigures, RoundFigures | undefined]
  return { rounds, last: latest, lastTested: latestTested, samples, absent, sentBytes, seconds, rejected, peers }
}

/** The heads in their order; undefined where they are damaged. */
async function readHeads(
  place: string,
  { heads = [], headsDigest }: Kept,
  { size }: Layout,
): Promise<KeptMixture['experts'] | undefined> {
  if (heads.length === 0) return []
  const bytes = await readFile(join(place, 'heads')).catch(() => undefined)
  const headBytes = size * Float32Array.BYTES_PER_ELEMENT
  if (bytes === undefined || bytes.length !== heads.length * headBytes || sha256(bytes) !== headsDigest)
    return undefined
  return heads.map(({ peer, name, round }, at) => {
    const head = new Float32Array(new SharedArrayBuffer(headBytes))
    bytesOf(head).set(bytes.subarray(at * headBytes, (at + 1) * headBytes))
    return { peer, round, head, ...(name !== undefined && { name }) }
  })
}

/** A head of one peer is the same at all that have heard it. */
function keyOf({ peer, round }: KeptMixture['experts'][number]): string {
  return `${peer}/${round}`
}

/** SHA-256 of all samples with their answers, in hex. */
export function datasetDigest({ train, validation, test }: Pick<Dataset, 'train' | 'validation' | 'test'>): string {
  const hash = createHash('sha256')
  for (const part of [train, validation, test]) {
    if (part === undefined) continue
    for (const values of [part.inputs, part.labels, part.targets])
      if (values !== undefined) hash.update(bytesOf(values))
  }
  return hash.digest('hex')
}

function bytesOf(values: Float32Array | Int32Array | Uint8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
