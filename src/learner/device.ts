/*
 * The learner as rooms see it that compute in its workers (mixture): what holds tensors. It loads TensorFlow.js, so it
 * is imported in worker threads only; the network thread has index.ts.
 */
export { crossEntropy } from './backend/kernels/cross-entropy.js'
export { type BatchOrder, batches } from './batches.js'
export { forwardBatch } from './evaluate.js'
export { inputsOf, keptInputs } from './inputs.js'
export { handler, type JobContext, type JobHandler, type RoomModule } from './job-handler.js'
export type { DeviceCut } from './models/cut.js'
export { type DeviceModel, download, upload, uploadPart } from './models/model.js'
export { globalNorm } from './norm.js'
export type { InputSource } from './residents.js'
export { orderOf, type TrainingJob } from './round.js'
export type { ChainInit } from './rules/chain.js'
export type { GradientsAt, Rule, Weights } from './rules/rule.js'
export { type TapeCourseInit, takeSteps } from './take-steps.js'
export { tapeGradients, weightsOf } from './tape.js'
export { answersOf, rowsOf, type Targets, targetTensor } from './targets.js'
export { tf } from './tensorflow.js'
