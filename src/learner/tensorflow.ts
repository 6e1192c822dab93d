/*
 * The one door to TensorFlow.js. The polyfills come first: the native package needs functions that newer Node versions
 * no longer have. The layers package comes with the gradients of all operations, which the core alone does not
 * register in Node.
 */
import '../runtime.js'

export * as tf from '@tensorflow/tfjs-core'
export * as layers from '@tensorflow/tfjs-layers'
