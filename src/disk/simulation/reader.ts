import { join } from 'node:path'
import { NotRead, readBounded, whenNotRead } from '../../bounded-file.js'
import { HearsayError } from '../../errors.js'
import { jsonIn } from '../../json.js'
import type { Tested, Unmerged } from '../../methods/index.js'
import type { RoundFigures } from '../../node/index.js'
import { type Layout, safetensorsLimits } from '../../tensors/index.js'
import { readCheckpoint } from '../checkpoint-file.js'
import {
  bytesOf,
  type Kept,
  type KeptMixture,
  type KeptOptions,
  optionsSchema,
  runSchema,
  type SavedRun,
  sha256,
  statePath,
  wholeRounds,
} from './format.js'
import type { StateInit } from './keeper.js'

/** What is read of a state, in bytes. */
export interface StateLimits {
  readonly optionsBytes: number
  readonly runBytes: number
  /** Of one peer. */
  readonly mixtureBytes: number
}

export const stateLimits: StateLimits = {
  /** As many faults and lies as the schema allows. */
  optionsBytes: 16 * 1024 * 1024,
  /** Figures of a thousand peers with their gates. */
  runBytes: 256 * 1024 * 1024,
  mixtureBytes: safetensorsLimits.totalBytes,
}

/**
 * With which options a run was begun.
 *
 * @throws {@link HearsayError} RUN when its folder keeps no state
 */
export async function readKeptOptions(folder: string, limits: StateLimits = stateLimits): Promise<KeptOptions> {
  const path = join(statePath(folder), 'options.json')
  let text: string
  try {
    text = (await readBounded(path, limits.optionsBytes)).toString('utf8')
  } catch (error) {
    if (error instanceof NotRead) throw new HearsayError('RUN', `${path}: ${error.message}; begin the run anew`)
    throw new HearsayError(
      'RUN',
      `--resume ${folder}: keeps no state to go on from; a run keeps one when it is begun with --out, until it is over, and none with mode: async`,
    )
  }
  const options = optionsSchema.safeParse(jsonIn(text))
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
  limits: StateLimits = stateLimits,
): Promise<SavedRun | undefined> {
  const path = statePath(folder)
  const rounds = await wholeRounds(path)
  for (const round of rounds) {
    const read = await readRound(join(path, `round-${round}`), { runId, layouts }, headLayout, limits)
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
  limits: StateLimits,
): Promise<SavedRun | string> {
  const path = join(place, 'run.json')
  const damaged = `${place}: is damaged`
  const text = await readBounded(path, limits.runBytes).catch(whenNotRead)
  const parsed = runSchema.safeParse(jsonIn(text?.toString('utf8') ?? ''))
  if (!parsed.success || parsed.data.peers.length !== layouts.length) return damaged
  const kept: Kept = parsed.data
  if (kept.run !== Buffer.from(runId).toString('hex')) {
    throw new HearsayError('RUN', `${place}: is of another run than manifest.yaml beside it; bring back the manifest`)
  }
  const heads = await readHeads(place, kept, headLayout)
  if (heads === undefined) return damaged
  const peers: SavedRun['peers'][number][] = []
  for (const [peer, { failed, tested, usual, before, model, mixture, experts = [] }] of kept.peers.entries()) {
    const read = await readCheckpoint(join(place, `${peer}.model`), model, { runId, layout: layouts[peer]! })
    if (!read.ok) return read.reason
    let weights: Uint8Array | undefined
    if (mixture !== undefined) {
      weights = await readBounded(join(place, `${peer}.mixture`), limits.mixtureBytes).catch(whenNotRead)
      if (weights === undefined || sha256(weights) !== mixture || experts.some(at => heads[at] === undefined))
        return damaged
    }
    const unmerged = before && (await readBefore(join(place, `${peer}.before`), before, headLayout))
    if (unmerged === 'damaged') return damaged
    peers.push({
      failed,
      tested: tested as Tested | undefined,
      usual,
      ...(unmerged && { unmerged }),
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
  const headBytes = size * Float32Array.BYTES_PER_ELEMENT
  const bytes = await readBounded(join(place, 'heads'), heads.length * headBytes).catch(whenNotRead)
  if (bytes === undefined || bytes.length !== heads.length * headBytes || sha256(bytes) !== headsDigest)
    return undefined
  return heads.map(({ peer, name, round }, at) => {
    const head = new Float32Array(new SharedArrayBuffer(headBytes))
    bytesOf(head).set(bytes.subarray(at * headBytes, (at + 1) * headBytes))
    return { peer, round, head, ...(name !== undefined && { name }) }
  })
}

async function readBefore(
  path: string,
  { digest, loss }: NonNullable<Kept['peers'][number]['before']>,
  { size }: Layout,
): Promise<Unmerged | 'damaged'> {
  const head = new Float32Array(size)
  const bytes = await readBounded(path, head.byteLength).catch(whenNotRead)
  if (bytes?.length !== head.byteLength || sha256(bytes) !== digest) return 'damaged'
  bytesOf(head).set(bytes)
  return { head, loss: loss ?? Number.NaN }
}
