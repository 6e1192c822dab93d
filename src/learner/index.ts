export { cpuDevice, isAutomatic } from './backend/device.js'
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
export { type BackendTest, type SpeedTest, testBackend } from './speed.js'
export type * from './types.js'
