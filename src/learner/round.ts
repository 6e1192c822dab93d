import { HearsayError } from '../errors.js'
import { areFinite } from '../tensors/index.js'
import type { BatchOrder } from './batches.js'
import type { Programs } from './graph/programs.js'
import type { LocalPlan } from './plan.js'
import type { InputSource } from './residents.js'
import type { Lasting } from './rules/chain.js'
import type { RuleBook } from './rules/index.js'
import type { Targets } from './targets.js'
import type { GradientReport } from './types.js'

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
  /** What rules have beyond the round; written with the parameters. @default nothing */
  readonly lasting?: readonly Lasting[]
  /** See {@link TrainReport.gradients}. */
  readonly gradients?: GradientReport
}

/**
 * The order in which a peer goes through its samples.
 *
 * @throws {@link HearsayError} as {@link checkJob} does; `MANIFEST` when its steps were to be private
 */
export function orderOf(job: TrainingJob): BatchOrder {
  checkJob(job)
  const { plan, size, seed, peer, round } = job
  if (plan.privacy !== undefined) {
    throw new HearsayError(
      'MANIFEST',
      'does not go with this method, which has steps of its own; remove one of the two',
      {
        field: 'privacy',
      },
    )
  }
  return { ...plan, size, seed, peer, round }
}

/**
 * @throws {@link HearsayError} `DATA` when there are no samples; `MANIFEST` when inputs are to be varied and the targets,
 *   which are images, would not be
 */
export function checkJob({ plan, targets, size }: TrainingJob): void {
  if (size === 0) throw new HearsayError('DATA', 'there are no samples to train on')
  if (plan.augment !== undefined && targets.shape.length > 1) {
    throw new HearsayError('MANIFEST', 'does not go with data.superResolution; remove one of the two', {
      field: 'training.augment',
    })
  }
}

/**
 * Sums up a round.
 *
 * @throws {@link HearsayError} `DIVERGED` when a parameter is no longer finite
 */
export function trained(
  { round }: TrainingJob,
  parameters: Float32Array,
  figures: Omit<Trained, 'parameters'>,
): Trained {
  if (!areFinite(parameters)) {
    throw new HearsayError(
      'DIVERGED',
      `training diverged in round ${round + 1}: parameters are no longer finite; lower training.learningRate, or set training.clip`,
    )
  }
  return { parameters, ...figures }
}
