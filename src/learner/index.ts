export { createLearnerPool } from './pool.js'
export {
  backendSchema,
  type LocalMethod,
  type LocalTraining,
  type ModelInput,
  type ModelSpec,
  modelSchema,
  resolveTraining,
  type TrainingSpec,
  trainingSchema,
} from './spec.js'
export type * from './types.js'
