import type { Tensor } from '@tensorflow/tfjs-core'
import { tf } from '../../tensorflow.js'

/*
 * Axes as Keras counts them: negative ones from the end. TensorFlow.js takes a negative axis for the last one in some
 * layers, and has operations that know the last axis alone.
 */

/**
 * @param rank - of the layer's input, the batch among it
 * @returns the axis counted from the front
 * @throws when the input has no such axis, or it is the batch: samples must not see each other
 */
export function axisOf(axis: number, rank: number, layer: string): number {
  const counted = axis < 0 ? rank + axis : axis
  if (Number.isInteger(counted) && counted >= 1 && counted < rank) return counted
  throw new Error(
    `layer "${layer}": axis must be 1 to ${rank - 1}, or -1 to ${1 - rank} from the end (0 is the batch), not ${axis}`,
  )
}

/**
 * Computes something along axes that need not be the last ones.
 *
 * @param axes - as {@link axisOf} gives them
 * @param compute - gets the tensor with these axes behind all others, and returns one of the same shape
 * @returns what it returned, the axes in their old places
 */
export function withAxesLast(x: Tensor, axes: readonly number[], compute: (x: Tensor) => Tensor): Tensor {
  const before = x.shape.map((_, axis) => axis).filter(axis => !axes.includes(axis))
  const order = [...before, ...axes]
  if (order.every((axis, place) => axis === place)) return compute(x)
  const back = order.map((_, axis) => order.indexOf(axis))
  return tf.transpose(compute(tf.transpose(x, order)), back)
}
