import type { Tensor } from '@tensorflow/tfjs-core'
import type { Layout } from '../../tensors/index.js'
import { tf } from '../tensorflow.js'

/**
 * The parameters of several peers side by side on the device, one tensor for each of the layout: kernels
 * [peers, inputs, outputs], biases [peers, 1, outputs].
 */
export type Stack = Tensor[]

/** Puts flat vectors side by side. */
export function stackOf(layout: Layout, vectors: readonly Float32Array[]): Stack {
  return layout.tensors.map(({ offset, size, shape }) => {
    const values = new Float32Array(vectors.length * size)
    for (const [peer, vector] of vectors.entries()) values.set(vector.subarray(offset, offset + size), peer * size)
    return tf.tensor(values, [vectors.length, ...(shape.length === 1 ? [1] : []), ...shape], 'float32')
  })
}

/** Zeros in the shape of a stack. */
export function zerosLike(stack: Stack): Stack {
  return stack.map(tensor => tf.zerosLike(tensor) as Tensor)
}

/** The first peers of a stack, which is freed. */
export function firstOf(stack: Stack, peers: number): Stack {
  return stack.map(tensor => {
    const first = tf.slice(tensor, 0, peers)
    tensor.dispose()
    return first
  })
}

/** Reads the peers from `first` on into fresh flat vectors. */
export async function vectorsOf(layout: Layout, stack: Stack, first: number): Promise<Float32Array[]> {
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
