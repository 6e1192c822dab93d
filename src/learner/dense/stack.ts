import type { Tensor } from '@tensorflow/tfjs-core'
import type { Layout } from '../../tensors/index.js'
import type { Weights } from '../rules/rule.js'
import { tf } from '../tensorflow.js'
import { peerNorms } from './gradients.js'

/**
 * The parameters of several peers side by side on the device, a variable for each tensor of the layout: kernels
 * [peers, inputs, outputs], biases [peers, 1, outputs].
 */
export function stackOf(layout: Layout, vectors: readonly Float32Array[]): Weights {
  const variables = layout.tensors.map(({ offset, size, shape }) => {
    const values = new Float32Array(vectors.length * size)
    for (const [peer, vector] of vectors.entries()) values.set(vector.subarray(offset, offset + size), peer * size)
    const stacked = [vectors.length, ...(shape.length === 1 ? [1] : []), ...shape]
    return tf.tidy(() => tf.variable(tf.tensor(values, stacked, 'float32'), false))
  })
  return { variables, tracked: [], places: layout.tensors, size: layout.size, norm: peerNorms }
}

/** Reads the peers from `first` on into fresh flat vectors. */
export async function vectorsOf(layout: Layout, stack: readonly Tensor[], first: number): Promise<Float32Array[]> {
  const count = stack[0]!.shape[0]! - first
  const vectors = Array.from({ length: count }, () => new Float32Array(layout.size))
  for (const [place, { offset, size }] of layout.tensors.entries()) {
    const rows = first === 0 ? stack[place]! : tf.slice(stack[place]!, first, count)
    const values = await rows.data()
    if (rows !== stack[place]) rows.dispose()
    for (const [peer, vector] of vectors.entries()) vector.set(values.subarray(peer * size, (peer + 1) * size), offset)
  }
  return vectors
}
