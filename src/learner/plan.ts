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
}
