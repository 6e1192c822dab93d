/*
 * The learner as modules from outside the package see it that add to its workers: "hearsay/worker". It loads
 * TensorFlow.js, so it is imported in worker threads only.
 */
export { HearsayError } from '../errors.js'
export { tf } from './tensorflow.js'
export * from './worker-module.js'
