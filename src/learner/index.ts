export { cpuDevice, isAutomatic } from './backend/device.js'
export { nativeFolder } from './backend/installed.js'
export { type JobType, jobType } from './job-type.js'
export type { HeadActivation, HeadCut, HeadLayer } from './models/head-layers.js'
export type { Layer, ModelTopology } from './models/model-topology.js'
export { modelTopology, readTopology } from './models/topology.js'
export { outputShapeOf } from './output-shape.js'
export type { LocalPlan, PlanLength, PrivateSteps } from './plan.js'
export { createLearnerPool } from './pool.js'
export { privateStepsOf } from './private/poisson.js'
export type { ClipSpec } from './rules/clip.js'
export type { CorrectionSpec } from './rules/correction.js'
export type { LastingMomentumSpec } from './rules/lasting-momentum.js'
export type { MomentumSpec } from './rules/momentum.js'
export type { ProximalSpec } from './rules/proximal.js'
export type { SamSpec } from './rules/sam.js'
export type { ForeignName, ForeignRuleSpec, RuleSpec } from './rules/spec.js'
export type { WeightDecaySpec } from './rules/weight-decay.js'
export {
  type Augmentation,
  augmentSchema,
  backendSchema,
  type ModelInput,
  type ModelSpec,
  modelSchema,
  type Pace,
  type TrainingSpec,
  trainingSchema,
} from './spec.js'
export type * from './types.js'
