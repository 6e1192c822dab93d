import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { tf } from '../tensorflow.js'
import type { GradientReport } from '../types.js'

/*
 * How long the gradients of single records are: counted step by step on the device, at so many lengths above and below the
 * bound R that the median can be told from the counts. No length of a single record is ever read.
 */

/** Lengths from R/2^20 to 2^20·R. */
const octaves = 20
/** A length to the next is a factor of 1.09. */
const stepsPerOctave = 8
const count = 2 * octaves * stepsPerOctave + 1

/** A multiple of R. */
const multipleAt = (place: number): number => 2 ** (place / stepsPerOctave - octaves)

/** Of the records that count, how many gradients are at most as long as each of the lengths. NaN is within none. */
export function countWithin(lengths: Tensor1D, mask: Tensor1D, clip: number): Tensor1D {
  const edges = Float32Array.from({ length: count }, (_, place) => clip * multipleAt(place))
  const within = tf.cast(tf.lessEqual(tf.expandDims(lengths, 1), tf.tensor2d(edges, [1, count])), 'float32')
  return tf.reshape(tf.matMul(tf.expandDims(mask, 0) as Tensor2D, within as Tensor2D), [count])
}

/** @param within - sums of {@link countWithin} over a round's steps @param samples - how many counted; above 0 */
export function gradientReport(within: ArrayLike<number>, samples: number, clip: number): GradientReport {
  const half = samples / 2
  const above = Array.from(within).findIndex(below => below >= half)
  return {
    median: clip * multipleAt(above < 1 ? (above === 0 ? 0 : count - 1) : between(within, above, half)),
    clipped: 1 - within[octaves * stepsPerOctave]! / samples,
  }
}

/** Where between two lengths half of them are reached. */
function between(within: ArrayLike<number>, above: number, half: number): number {
  const [before, after] = [within[above - 1]!, within[above]!]
  return above - 1 + (half - before) / (after - before)
}
