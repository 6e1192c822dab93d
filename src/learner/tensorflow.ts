/*
 * The one door to TensorFlow.js. The polyfills come first: the native package needs functions that newer Node versions
 * no longer have. The layers package comes with the gradients of all operations, which the core alone does not
 * register in Node.
 *
 * Its packages are CommonJS, and are required rather than imported: for an import Node searches their text, more than a
 * megabyte, for exports, and parses it once more to find out that it is no module of the newer kind. That took each
 * training thread 0.56 s of CPU to start where 0.11 s are enough (Node 20.20).
 */
import '../runtime.js'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

export const tf = require('@tensorflow/tfjs-core') as typeof import('@tensorflow/tfjs-core')
export const layers = require('@tensorflow/tfjs-layers') as typeof import('@tensorflow/tfjs-layers')

/** The wasm backend, which its package registers as it is loaded. */
export function requireWasm(): typeof import('@tensorflow/tfjs-backend-wasm') {
  return require('@tensorflow/tfjs-backend-wasm') as typeof import('@tensorflow/tfjs-backend-wasm')
}
