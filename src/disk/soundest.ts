import { squaredNorm } from '../merge/index.js'
import type { KeptState } from '../node/index.js'
import { type HeadSection, headOf } from '../tensors/index.js'
import type { Checkpoint } from './checkpoint-format.js'
import type { Checkpoints } from './checkpoints.js'

/** What a peer goes on with. */
export interface Sound {
  /** The next one to train. */
  readonly round: number
  readonly parameters: Float32Array
  /** What was kept beside this model. Nothing of a model before a merge: what came with the merge goes with it. */
  readonly kept?: KeptState
}

export interface SoundestInit {
  readonly checkpoints: Pick<Checkpoints, 'all'>
  /** Where they lie, for what is told. */
  readonly folder: string
  /** What is shared of the model. */
  readonly head: HeadSection
  /** In units of the loss of an answer that knows nothing. */
  readonly lossOf: (parameters: Float32Array) => Promise<number>
  readonly lossIncrease: number
  /** Told of every model that is passed over, and why, in one line. Must not throw. */
  readonly tell: (line: string) => void
}

interface Candidate extends Sound {
  readonly what: string
}

/**
 * The last model that is finite and bearable: its loss is at most `lossIncrease` times 1 and the smallest of those looked
 * at. Behind each stands the one before its merge: a merge may turn out bad only later, and what others have sent is
 * never the only thing on the disk.
 *
 * @throws what `Checkpoints.all` and `lossOf` throw
 */
export async function soundest(init: SoundestInit): Promise<Sound | undefined> {
  const { lossOf, lossIncrease, tell, folder } = init
  const found: (Candidate & { readonly loss: number })[] = []
  for await (const candidate of candidates(init)) {
    if (!Number.isFinite(squaredNorm(candidate.parameters))) {
      // What cannot be trained on must not be what a run goes on with, while there is one before it.
      tell(`${folder}: ${candidate.what} is passed over: its numbers are not finite`)
      continue
    }
    const loss = await lossOf(candidate.parameters)
    found.push({ ...candidate, loss: Number.isNaN(loss) ? Number.POSITIVE_INFINITY : loss })
    if (loss <= lossIncrease) break
  }
  const limit = lossIncrease * Math.max(1, Math.min(...found.map(({ loss }) => loss)))
  const place = found.findIndex(({ loss }) => loss <= limit)
  for (const { what, loss } of found.slice(0, Math.max(place, 0))) {
    tell(
      `${folder}: ${what} is passed over: its loss on own samples is ${loss.toPrecision(2)} times that of an answer that knows nothing (limits.lossIncrease); ${found[place]!.what} goes on`,
    )
  }
  return found[place]
}

async function* candidates({ checkpoints, head }: SoundestInit): AsyncGenerator<Candidate> {
  for await (const { round, parameters, method, heads } of checkpoints.all()) {
    yield { round, parameters, kept: { method, heads }, what: `the model of round ${round}` }
    const own = beforeMerge({ parameters, method }, head)
    if (own !== undefined) yield { round, parameters: own, what: `the model before the merge of round ${round}` }
  }
}

/** A merge changes only what is shared. */
function beforeMerge(
  { parameters, method: { before } }: Pick<Checkpoint, 'parameters' | 'method'>,
  head: HeadSection,
): Float32Array | undefined {
  if (before === undefined) return undefined
  const own = parameters.slice()
  headOf(own, head).set(before)
  return own
}
