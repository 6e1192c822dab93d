import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { isRecording } from '../graph/recording.js'
import { tf } from '../tensorflow.js'

/*
 * The part of a group normalisation that is about groups: [N, C] numbers in, [N, 1, C] factors out, some twenty small
 * operations each way. On a CPU they are done on the host, in float64: native TensorFlow takes 50 µs for any operation,
 * however small, and all of them together longer than the whole tensor of ResNet-18's last stages. On a GPU reading
 * numbers back would stop the queue, so there they are operations; and where a step is recorded, whose operations are
 * then not called one by one.
 */

/** What is normalised: x is [batch, places, channels]. */
export interface GroupShape {
  readonly batch: number
  readonly places: number
  readonly channels: number
  readonly groups: number
  readonly epsilon: number
}

/** y = slope·x + shift; inverse is 1/deviation. All [N, 1, C]. */
export interface Line {
  readonly slope: Tensor3D
  readonly shift: Tensor3D
  readonly inverse: Tensor3D
}

/** dx = slope·dy + tilt·x + shift, with the slope of {@link Line}; [N, 1, C] each, and the parameters' gradients [C]. */
export interface LineGradient {
  readonly tilt: Tensor3D
  readonly shift: Tensor3D
  readonly dGamma: Tensor
  readonly dBeta: Tensor
}

/** What the gradient is made of. */
export interface GradientSums {
  /** Σdy over the places, [N, C]. */
  readonly sums: Tensor2D
  /** Σdy·x over the places, [N, C]. */
  readonly products: Tensor2D
  readonly mean: Tensor3D
  readonly inverse: Tensor3D
  readonly gamma: Tensor1D
}

/** The same three steps on the host and on the device. */
export interface GroupMaths {
  /** From Σx, [N, C], the mean of each channel's group, [N, 1, C]. */
  mean(sums: Tensor2D, shape: GroupShape): Tensor3D
  /** @param squares - Σ(x − mean)², [N, C] */
  line(squares: Tensor2D, mean: Tensor3D, gamma: Tensor1D, beta: Tensor1D, shape: GroupShape): Line
  gradient(sums: GradientSums, shape: GroupShape): LineGradient
}

/** The right one for the backend in use. */
export function groupMaths(): GroupMaths {
  const { isUsingGpuDevice } = tf.backend() as { readonly isUsingGpuDevice?: boolean }
  const reads = tf.getBackend() === 'wasm' || (tf.getBackend() === 'tensorflow' && isUsingGpuDevice === false)
  return reads && !isRecording() ? onHost : onDevice
}

/**
 * Reading is a copy of a few kilobytes. Plain loops, and each group's numbers gone through once: typed arrays' `from`
 * and `map` took longer here than the operations that this avoids.
 */
export const onHost: GroupMaths = {
  mean(sums, shape) {
    const of = sums.dataSync()
    const means = new Float32Array(of.length)
    for (const { from, to, count } of groupsOf(shape)) {
      let sum = 0
      for (let i = from; i < to; i++) sum += of[i]!
      means.fill(sum / count, from, to)
    }
    return factors(means, shape)
  },

  line(squares, mean, gamma, beta, shape) {
    const [of, means, scales, offsets] = [squares, mean, gamma, beta].map(tensor => tensor.dataSync())
    const inverse = new Float32Array(of!.length)
    const slope = new Float32Array(of!.length)
    const shift = new Float32Array(of!.length)
    for (const { from, to, channel, count } of groupsOf(shape)) {
      let sum = 0
      for (let i = from; i < to; i++) sum += of![i]!
      const r = 1 / Math.sqrt(sum / count + shape.epsilon)
      inverse.fill(r, from, to)
      for (let i = from, c = channel; i < to; i++, c++) {
        slope[i] = r * scales![c]!
        shift[i] = offsets![c]! - means![i]! * slope[i]!
      }
    }
    return { slope: factors(slope, shape), shift: factors(shift, shape), inverse: factors(inverse, shape) }
  },

  gradient({ sums, products, mean, inverse, gamma }, shape) {
    const [ofDy, ofProducts, means, inverses, scales] = [sums, products, mean, inverse, gamma].map(t => t.dataSync())
    const tilt = new Float32Array(ofDy!.length)
    const shift = new Float32Array(ofDy!.length)
    const dGamma = new Float64Array(shape.channels)
    const dBeta = new Float64Array(shape.channels)
    for (const { from, to, channel, count } of groupsOf(shape)) {
      const mu = means![from]!
      const r = inverses![from]!
      let first = 0
      let second = 0
      for (let i = from, c = channel; i < to; i++, c++) {
        const normalised = r * (ofProducts![i]! - mu * ofDy![i]!)
        dGamma[c]! += normalised
        dBeta[c]! += ofDy![i]!
        first += scales![c]! * ofDy![i]!
        second += scales![c]! * normalised
      }
      const p = (-r * r * second) / count
      tilt.fill(p, from, to)
      shift.fill(-p * mu - (r * first) / count, from, to)
    }
    return {
      tilt: factors(tilt, shape),
      shift: factors(shift, shape),
      dGamma: tf.tensor1d(new Float32Array(dGamma)),
      dBeta: tf.tensor1d(new Float32Array(dBeta)),
    }
  },
}

/** Where each group of each sample lies in [N, C] numbers, its first channel, and how many numbers of x it has. */
function* groupsOf({ batch, places, channels, groups }: GroupShape): Generator<{
  readonly from: number
  readonly to: number
  readonly channel: number
  readonly count: number
}> {
  const width = channels / groups
  for (let from = 0; from < batch * channels; from += width) {
    yield { from, to: from + width, channel: from % channels, count: places * width }
  }
}

function factors(values: Float32Array, { batch, channels }: GroupShape): Tensor3D {
  return tf.tensor3d(values, [batch, 1, channels])
}

/** The same in operations. */
export const onDevice: GroupMaths = {
  mean: (sums, shape) => groupMeans(sums, shape),

  line(squares, mean, gamma, beta, shape) {
    const inverse = tf.rsqrt(tf.add(groupMeans(squares, shape), shape.epsilon)) as Tensor3D
    const slope = tf.mul(inverse, gamma) as Tensor3D
    return { slope, shift: tf.sub(beta, tf.mul(mean, slope)) as Tensor3D, inverse }
  },

  gradient({ sums, products, mean, inverse, gamma }, shape) {
    const { batch, channels } = shape
    const dy = tf.reshape(sums, [batch, 1, channels])
    const dyX = tf.reshape(products, [batch, 1, channels])
    const normalised = tf.mul(inverse, tf.sub(dyX, tf.mul(mean, dy)))
    const first = groupMeans(tf.mul(dy, gamma), shape)
    const second = groupMeans(tf.mul(normalised, gamma), shape)
    const tilt = tf.neg(tf.mul(tf.square(inverse), second)) as Tensor3D
    const shift = tf.neg(tf.add(tf.mul(tilt, mean), tf.mul(inverse, first))) as Tensor3D
    return { tilt, shift, dGamma: tf.sum(normalised, [0, 1]), dBeta: tf.sum(sums, 0) }
  },
}

/** Sums per channel to a mean per group, repeated for each channel of the group. */
function groupMeans(sums: Tensor, { batch, places, channels, groups }: GroupShape): Tensor3D {
  const width = channels / groups
  // Not by a product with a matrix of ones, which is fewer operations: GPUs round its factors to 10 bits (TF32).
  const means = tf.div(tf.sum(tf.reshape(sums, [batch, groups, width]), 2, true), places * width)
  return tf.reshape(tf.tile(means, [1, 1, width]), [batch, 1, channels])
}
