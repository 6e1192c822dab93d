import type { Backend } from './backend/backend.js'
import type { Rule } from './rules/rule.js'

// What the parts of a module are made of.
export type { TensorPlace } from '../tensors/index.js'
export { type Backend, type BackendStart, Unavailable } from './backend/backend.js'
export { cpuDevice } from './backend/device.js'
export type { Gradients, GradientsAt, Kept, PartVector, Rule, RuleStep, Weights } from './rules/rule.js'
export type { ForeignName } from './rules/spec.js'
export type { BackendName, BackendReport, Device, LoadedBackend } from './types.js'

/**
 * What a module adds to each worker thread that it is imported in ({@link LearnerPoolInit.modules}): its default export.
 * Names are "module/name", so that two modules do not meet.
 */
export interface WorkerModule {
  /** Rules of a step, which local plans name: see {@link ForeignRuleSpec}. */
  readonly rules?: readonly Rule[]
  /** Backends, which `auto` tries before the learner's own, in this order. */
  readonly backends?: readonly Backend[]
}
