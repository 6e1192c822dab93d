import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { tf } from './tensorflow.js'

/** As many as one WebGPU program may read, where its result takes one of eight buffers. */
const addendLimit = 7

/** Tensors of one shape added up, one after the other: as `tf.addN`, which on WebGPU fails with more than seven. */
export function sumOf<T extends Tensor>(tensors: readonly T[]): T {
  let sum = tf.addN(tensors.slice(0, addendLimit))
  for (let at = addendLimit; at < tensors.length; at += addendLimit - 1) {
    sum = tf.addN([sum as T, ...tensors.slice(at, at + addendLimit - 1)])
  }
  return sum as T
}

/** The 2-norm over all tensors. */
export function globalNorm(tensors: readonly Tensor[]): Scalar {
  return tf.tidy(() => {
    // First along the last axis, then the rest: wasm adds one by one in float32, and a sum of 400,000 squares in one
    // go is off by more than the 1e-5 of P5.
    const squares = tensors.map(tensor => {
      const square = tf.square(tensor)
      return tf.sum(square.rank > 1 ? tf.sum(square, -1) : square) as Scalar
    })
    return tf.sqrt(sumOf(squares))
  })
}
