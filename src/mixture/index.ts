export { type Expert, expertLimit, type HeldExpert } from './experts.js'
export type { Score } from './jobs.js'
export {
  createMixtureLearner,
  type GateWeights,
  type MixtureEvaluation,
  type MixtureLearner,
  type MixtureLearnerInit,
  type MixturePrediction,
  type MixtureReport,
  mixtureModule,
} from './learner.js'
export {
  type MixtureInput,
  type MixtureSettings,
  type MixtureSpec,
  mixtureProblems,
  mixtureSchema,
  resolveMixture,
  settleMixture,
} from './spec.js'
export type { MixtureWeights } from './weights.js'
