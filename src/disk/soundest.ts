import type { KeptState } from '../node/index.js'
import { type HeadSection, headOf, squaredNorm } from '../tensors/index.js'
import type { Checkpoint } from './checkpoint-format.js'
import type { Checkpoints } from './checkpoints.js'

/** The state that a peer resumes with. */
export interface Sound {
  /** The next round to train. */
  readonly round: number
  readonly parameters: Float32Array
  /** What was kept beside this model; of a model before a merge only what did not come with that merge. */
  readonly kept: Partial<KeptState>
}

export interface SoundestInit {
  readonly checkpoints: Pick<Checkpoints, 'all'>
  /** The checkpoints' folder, for messages. */
  readonly folder: string
  /** The shared part of the model. */
  readonly head: HeadSection
  /** A model's loss, relative to that of an uninformed answer. */
  readonly lossOf: (parameters: Float32Array) => Promise<number>
  readonly lossIncrease: number
  /** Called with a line for every model that is skipped, with the reason. Must not throw. */
  readonly tell: (line: string) => void
}

interface Candidate extends Sound {
  readonly what: string
}

/**
 * The last model that is finite and whose loss is at most `lossIncrease` times the larger of 1 and the smallest loss
 * seen. Each checkpoint's model is followed by the one before its merge: a merge may prove harmful only later, and a
 * merged model is never the only one on the disk.
 *
 * @throws what `Checkpoints.all` and `lossOf` throw
 */
export async function soundest(init: SoundestInit): Promise<Sound | undefined> {
  const { lossOf, lossIncrease, tell, folder } = init
  const found: (Candidate & { readonly loss: number })[] = []
  for await (const candidate of candidates(init)) {
    if (!Number.isFinite(squaredNorm(candidate.parameters))) {
      // A model that cannot be trained further is not resumed while there is an earlier one.
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
      `${folder}: ${what} is passed over: its loss on own samples is ${loss.toPrecision(2)} times that of an uninformed answer (limits.lossIncrease); ${found[place]!.what} goes on`,
    )
  }
  return found[place]
}

async function* candidates({ checkpoints, head }: SoundestInit): AsyncGenerator<Candidate> {
  for await (const { round, parameters, method, heads, arrivals } of checkpoints.all()) {
    yield { round, parameters, kept: { method, heads, arrivals }, what: `the model of round ${round}` }
    const own = beforeMerge({ parameters, method }, head)
    if (own === undefined) continue
    yield { round, parameters: own, kept: { arrivals }, what: `the model before the merge of round ${round}` }
  }
}

/** The model before the merge, which changes only the shared part. */
function beforeMerge(
  { parameters, method: { before } }: Pick<Checkpoint, 'parameters' | 'method'>,
  head: HeadSection,
): Float32Array | undefined {
  if (before === undefined) return undefined
  const own = parameters.slice()
  headOf(own, head).set(before)
  return own
}
