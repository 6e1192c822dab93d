import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from '../../tensorflow.js'
import { call, heapOf, type KernelArguments, offsetOf } from './heap.js'

/**
 * Gather for wasm. Taking whole samples is a block copy each; tfjs-backend-wasm copies number by number with a general
 * index computation: a batch of 32 MNIST images 1.8 ms, a third of an MLP's step. Now 0.03 ms.
 */
export function gatherWith(original: KernelFunc): (args: KernelArguments) => TensorInfo {
  return ({ inputs, attrs, backend }) => {
    const x = inputs.x!
    const indices = inputs.indices!
    const samples = attrs.axis === 0 && !attrs.batchDims && indices.shape.length === 1 && indices.dtype === 'int32'
    if (!samples || x.dtype !== 'float32') return call(original, backend, inputs, attrs)
    const sampleShape = x.shape.slice(1)
    const length = tf.util.sizeFromShape(sampleShape)
    const output = backend.makeOutput([indices.shape[0]!, ...sampleShape], 'float32')
    const heap = heapOf(backend)
    const from = offsetOf(backend, x)
    let to = offsetOf(backend, output)
    for (const index of backend.typedArrayFromHeap(indices)) {
      if (index < 0 || index >= x.shape[0]!) throw new RangeError(`gather: ${index} of ${x.shape[0]} samples`)
      heap.copyWithin(to, from + index * length, from + (index + 1) * length)
      to += length
    }
    return output
  }
}
