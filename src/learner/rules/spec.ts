import type { ClipSpec } from './clip.js'
import type { CorrectionSpec } from './correction.js'
import type { LastingMomentumSpec } from './lasting-momentum.js'
import type { MomentumSpec } from './momentum.js'
import type { ProximalSpec } from './proximal.js'
import type { SamSpec } from './sam.js'
import type { WeightDecaySpec } from './weight-decay.js'

/** Of a rule or a backend that another module brings to the workers: "module/name". */
export type ForeignName = `${string}/${string}`

/** A rule that another module brings to the workers, with fields that a thread can be sent. */
export interface ForeignRuleSpec {
  readonly rule: ForeignName
  readonly [field: string]: unknown
}

/**
 * A rule of a step with its numbers: data that goes to the worker. A step is a chain of rules, as in optax: the gradient
 * goes through them in their order, and what comes out is subtracted. No rule at all is plain SGD.
 *
 * Vectors are read when a round's training begins; on shared memory they are not copied to the worker, and one that a rule
 * writes when the round is over ({@link Rule.lasts}) must lie there.
 */
export type RuleSpec =
  | ClipSpec
  | WeightDecaySpec
  | MomentumSpec
  | LastingMomentumSpec
  | SamSpec
  | CorrectionSpec
  | ProximalSpec
  | ForeignRuleSpec
