import type { RuleSpec } from './rules/spec.js'
import type { Augmentation } from './spec.js'

/** How long local training takes: passes over the samples, or mini-batches. */
export type PlanLength = { readonly epochs: number } | { readonly steps: number }

/** Local training of one round, every number settled: data for the worker. */
export interface LocalPlan {
  readonly length: PlanLength
  /** Samples in a mini-batch; the last of an epoch may be smaller. */
  readonly batch: number
  /** η of this round. */
  readonly learningRate: number
  /** What differs from plain SGD, in the order in which it is applied: see {@link RuleSpec}. */
  readonly rules: readonly RuleSpec[]
  /** How images are varied. @default as they are */
  readonly augment?: Augmentation
  /** Steps that bound what can be told of any one sample. @default none of that */
  readonly privacy?: PrivateSteps
}

/** How steps are made private (arXiv 1607.00133): what counts beside how many are taken ({@link stepsOf}). */
export interface PrivateSteps {
  /** R: the longest gradient of one sample, over all parameters that are trained. */
  readonly clip: number
  /** σ: the deviation of the noise in each number of the *sum* of clipped gradients is σ·R. */
  readonly noise: number
  /** q: with this probability a sample takes part in a step, whoever else does. The plan's batch then counts nothing. */
  readonly rate: number
  /**
   * Draws samples and noise from the run's seed, which others know: for simulations, which are then no private ones.
   * @default from the system's cryptographic generator
   */
  readonly seeded?: boolean
}
