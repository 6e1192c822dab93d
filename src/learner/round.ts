import type { Tensor } from '@tensorflow/tfjs-core'
import { HearsayError } from '../errors.js'
import { random } from '../random.js'
import type { BatchOrder } from './batches.js'
import type { Programs } from './graph/programs.js'
import type { LocalPlan } from './plan.js'
import type { InputSource } from './residents.js'
import type { RuleBook } from './rules/index.js'
import type { Targets } from './targets.js'
import { tf } from './tensorflow.js'

/** One round of one peer. */
export interface TrainingJob {
  readonly parameters: Float32Array
  readonly source: InputSource
  readonly targets: Targets
  readonly size: number
  readonly seed: number
  readonly peer: number
  readonly round: number
  readonly plan: LocalPlan
  /** The rules that its plan can name. */
  readonly book: RuleBook
  /** The steps that this worker knows as graphs, on the backend that has such. */
  readonly programs?: Programs | undefined
}

/** The outcome of a job, not yet written back. */
export interface Trained {
  readonly parameters: Float32Array
  readonly loss: number
  readonly samples: number
  readonly steps: number
  /** How many of them were taken in a loop of the library's: see graph/replay.ts. */
  readonly stepsInLoop: number
}

/**
 * The order in which a peer goes through its samples.
 *
 * @throws {@link HearsayError} `DATA` when it has none; `MANIFEST` when its inputs are to be varied and its targets,
 *   which are images, would not be
 */
export function orderOf({ plan, targets, size, seed, peer, round }: TrainingJob): BatchOrder {
  if (size === 0) throw new HearsayError('DATA', 'there are no samples to train on')
  if (plan.augment !== undefined && targets.shape.length > 1) {
    throw new HearsayError('MANIFEST', 'does not go with data.superResolution; remove one of the two', {
      field: 'training.augment',
    })
  }
  return { ...plan, size, seed, peer, round }
}

/** The inputs of one of its mini-batches, varied where the plan has it so. */
export function inputsOf(
  { source, plan, seed, peer, round }: Pick<TrainingJob, 'source' | 'plan' | 'seed' | 'peer' | 'round'>,
  indices: Int32Array,
  step: number,
): Tensor {
  const { augment } = plan
  return augment === undefined
    ? source.take(indices)
    : source.augmented(indices, augment, random(seed, 'augment', peer, round, step))
}

/** Where the inputs of some mini-batches are taken from, and which they are there. */
export interface InputRows {
  /** [any, …inputShape]. Free within a tidy. */
  readonly from: Tensor
  /** [steps, rows] */
  readonly rows: Tensor
}

/**
 * The inputs of mini-batches of one size in a row, varied where the plan has it so.
 *
 * @param picks - the samples of each
 * @param step - of the first
 */
export function inputRows(job: TrainingJob, picks: readonly Int32Array[], step: number): InputRows {
  const rows = picks[0]!.length
  const whole = job.plan.augment === undefined ? job.source.whole() : undefined
  const from = whole ?? tf.concat(picks.map((indices, i) => inputsOf(job, indices, step + i)))
  const at = new Int32Array(picks.length * rows)
  for (const [i, indices] of picks.entries()) {
    if (whole !== undefined) at.set(indices, i * rows)
    else for (let row = 0; row < rows; row++) at[i * rows + row] = i * rows + row
  }
  return { from, rows: tf.tensor2d(at, [picks.length, rows], 'int32') }
}

/**
 * Sums up a round.
 *
 * @param loss - summed over the steps
 * @throws {@link HearsayError} `DIVERGED` when a parameter is no longer finite
 */
export function trained(
  { round }: TrainingJob,
  parameters: Float32Array,
  { loss, ...counts }: Omit<Trained, 'parameters'>,
): Trained {
  if (!parameters.every(Number.isFinite)) {
    throw new HearsayError(
      'DIVERGED',
      `training diverged in round ${round + 1}: parameters are no longer finite; lower training.learningRate, or set training.clip`,
    )
  }
  return { parameters, loss: loss / counts.steps, ...counts }
}
