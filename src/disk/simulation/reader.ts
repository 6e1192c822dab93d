import { join } from 'node:path'
import { NotRead, readBounded, whenNotRead } from '../../bounded-file.js'
import { HearsayError } from '../../errors.js'
import { jsonIn } from '../../json.js'
import type { Tested } from '../../methods/index.js'
import type { NamedHead, RoundFigures } from '../../node/index.js'
import { allocate, bytesOf, type Layout } from '../../tensors/index.js'
import { readCheckpoint } from '../checkpoint-file.js'
import {
  type Kept,
  type KeptOptions,
  optionsFile,
  optionsSchema,
  runSchema,
  type SavedRun,
  sha256,
  statePath,
  wholeRounds,
} from './format.js'
import type { StateInit } from './keeper.js'

/** The largest files of a state that are read. */
export interface StateLimits {
  readonly optionsBytes: number
  readonly runBytes: number
}

export const stateLimits: StateLimits = {
  /** Enough for as many faults and attackers as the schema allows. */
  optionsBytes: 16 * 1024 * 1024,
  /** Enough for figures of a thousand peers with their gates. */
  runBytes: 256 * 1024 * 1024,
}

/**
 * The options that a run was begun with.
 *
 * @throws {@link HearsayError} RUN when its folder contains no state
 */
export async function readKeptOptions(folder: string, limits: StateLimits = stateLimits): Promise<KeptOptions> {
  const path = join(statePath(folder), optionsFile)
  let text: string
  try {
    text = (await readBounded(path, limits.optionsBytes)).toString('utf8')
  } catch (error) {
    if (error instanceof NotRead)
      throw new HearsayError('RUN', `${error.message}; begin the run anew`, { source: path })
    throw new HearsayError(
      'RUN',
      'keeps no state to go on from; a run keeps one when it is begun with --out, until it is over, and none with mode: async',
      { field: '--resume', value: folder },
    )
  }
  const options = optionsSchema.safeParse(jsonIn(text))
  if (!options.success) throw new HearsayError('RUN', 'is not as it was written; begin the run anew', { source: path })
  return options.data
}

/**
 * The last complete round that is kept undamaged; undefined where none was complete yet. A damaged round is skipped,
 * and `tell` is called with a line about it.
 *
 * @throws {@link HearsayError} RUN when the state is of another run, or all rounds are damaged
 */
export async function readState(
  {
    folder,
    tell,
    ...kind
  }: Pick<StateInit, 'folder' | 'runId' | 'layouts' | 'head'> & { tell: (line: string) => void },
  limits: StateLimits = stateLimits,
): Promise<SavedRun | undefined> {
  const path = statePath(folder)
  const rounds = await wholeRounds(path)
  for (const round of rounds) {
    const read = await readRound(join(path, `round-${round}`), kind, limits)
    if (typeof read !== 'string') return read
    tell(`${read}; the round before is taken`)
  }
  if (rounds.length === 0) return undefined
  throw new HearsayError('RUN', 'all rounds that were kept are damaged; begin the run anew', { source: path })
}

/** @returns a string, the reason, where the round is damaged */
async function readRound(
  place: string,
  { runId, layouts, head }: Pick<StateInit, 'runId' | 'layouts' | 'head'>,
  limits: StateLimits,
): Promise<SavedRun | string> {
  const path = join(place, 'run.json')
  const damaged = `${place}: is damaged`
  const text = await readBounded(path, limits.runBytes).catch(whenNotRead)
  const parsed = runSchema.safeParse(jsonIn(text?.toString('utf8') ?? ''))
  if (!parsed.success || parsed.data.peers.length !== layouts.length) return damaged
  const kept: Kept = parsed.data
  if (kept.run !== Buffer.from(runId).toString('hex')) {
    throw new HearsayError('RUN', 'is of another run than manifest.yaml beside it; bring back the manifest', {
      source: place,
    })
  }
  const heads = await readHeads(place, kept, head)
  if (heads === undefined) return damaged
  const peers: SavedRun['peers'][number][] = []
  for (const [peer, { failed, tested, checkpoint, heads: held }] of kept.peers.entries()) {
    const kind = { runId, layout: layouts[peer]!, head }
    const read = await readCheckpoint(join(place, `${peer}.safetensors`), kind, checkpoint)
    if (!read.ok) return read.reason
    if (held.some(at => heads[at] === undefined)) return damaged
    const { parameters, method } = read.checkpoint
    const known = { method, heads: held.map(at => heads[at]!) }
    peers.push({ failed, tested: tested as Tested | undefined, parameters, kept: known })
  }
  const { last, lastTested, rounds, samples, absent, sentBytes, traffic, seconds, rejected } = kept
  const [latest, latestTested] = [last, lastTested] as unknown as [RoundFigures, RoundFigures | undefined]
  return {
    rounds,
    last: latest,
    lastTested: latestTested,
    samples,
    absent,
    sentBytes,
    traffic,
    seconds,
    rejected,
    peers,
  }
}

/** The heads in their order; undefined where they are damaged. */
async function readHeads(
  place: string,
  { heads, headsDigest }: Kept,
  layout: Layout,
): Promise<NamedHead[] | undefined> {
  const headBytes = layout.size * Float32Array.BYTES_PER_ELEMENT
  const bytes = await readBounded(join(place, 'heads'), heads.length * headBytes).catch(whenNotRead)
  if (bytes?.length !== heads.length * headBytes || sha256(bytes) !== headsDigest) return undefined
  return heads.map((one, at) => {
    const head = allocate(layout)
    bytesOf(head).set(bytes.subarray(at * headBytes, (at + 1) * headBytes))
    return { ...one, head }
  })
}
