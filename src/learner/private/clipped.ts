import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { DeviceModel } from '../models/model.js'
import { sumOf } from '../norm.js'
import { normGuard } from '../rules/rule.js'
import { rowsOf, type Targets } from '../targets.js'
import { tf } from '../tensorflow.js'
import type { PrivateLayer } from './layers.js'
import { countWithin } from './lengths.js'
import type { Share } from './shares.js'

/** Records as a private step sees them: some may only fill the batch up. */
export interface Records {
  /** [records, …inputShape] */
  readonly inputs: Tensor
  /** [records, width] */
  readonly targets: Tensor2D
  /** 1, and 0 for those that count nothing: [records]. */
  readonly mask: Tensor1D
}

/** A gradient that is longer counts nothing: its square is beyond float32. */
const longest = 2 ** 64

/** What goes into a layer, and errors, may be as large: products of two of each, at all places, are still numbers. */
const largest = 2 ** 24

/** How their gradients are taken. */
export interface Clipping {
  readonly targets: Pick<Targets, 'losses'>
  /** R. */
  readonly clip: number
}

/** What comes of the gradients of some records. A type and no interface, so that a tidy may return it. */
export type ClippedSums = {
  /** Σ_r clip_R(∇ℓ_r), of each parameter that is trained. */
  readonly sums: Tensor[]
  /** Σ_r ℓ_r. */
  readonly loss: Scalar
  /** How long the gradients were before: see {@link countWithin}. */
  readonly within: Tensor1D
}

/** Those that are summed up over the steps, in order. */
export const figureNames = ['loss', 'within'] as const

/**
 * Clips the gradient of each record, over all parameters together, and adds them up, within a tidy. The gradients
 * themselves are never put together: one pass forward keeps what goes into each layer with parameters; one pass back, to
 * what these put out, gives the errors there; and of both come each record's length and the sum (arXiv 2210.00038).
 *
 * Where what goes into a layer or an error is no number, or too large, 0 takes its place, so that whatever a record does
 * to float32 is that record's alone: its length is that of what is left. One that is too long to be squared counts nothing.
 *
 * Lengths are float32 numbers: a clipped gradient may exceed R by some 1e-6 of it; by CUDA, which rounds the factors of
 * products to 10 bits (TF32), by some 1e-3.
 */
export function clippedSums(
  model: Pick<DeviceModel, 'logits'>,
  layers: readonly PrivateLayer[],
  { inputs, targets, mask }: Records,
  { targets: { losses }, clip }: Clipping,
): ClippedSums {
  // A row that only fills up is of zeros, or the loss would be that of whatever record lies there.
  const filled = tf.reshape(tf.equal(mask, 0), [-1, ...inputs.shape.slice(1).fill(1)])
  const counted = tf.where(filled, tf.zerosLike(inputs), inputs)
  const { errors, befores, value } = errorsOf(layers, () =>
    tf.sum(tf.mul(losses(rowsOf(model.logits(counted, true)), targets), mask)),
  )
  const shares: Share[] = layers.map(({ share }, i) => share(tamed(befores[i]!), tamed(errors[i]!)))
  const lengths = tf.sqrt(sumOf(shares.map(({ squares }) => squares)))
  const clipped = tf.mul(mask, tf.minimum(1, tf.div(clip, tf.add(lengths, normGuard))))
  // Whatever the operations before make of a length that is no number: it is compared as it is, and NaN is not below.
  const factors = tf.where(tf.less(lengths, longest), clipped, tf.zerosLike(clipped))
  const column = tf.reshape(factors, [-1, 1]) as Tensor2D
  const sums: Tensor[] = []
  for (const [i, { places }] of layers.entries()) {
    for (const [k, sum] of shares[i]!.sums(column).entries()) sums[places[k]!] = sum
  }
  return { sums, loss: value, within: countWithin(lengths as Tensor1D, mask, clip) }
}

/** NaN is not less than anything. */
function tamed(x: Tensor): Tensor {
  return tf.where(tf.less(tf.abs(x), largest), x, tf.zerosLike(x))
}

/** Of each layer what went to its parameters, and the loss's gradient in what they made of it. */
function errorsOf(
  layers: readonly PrivateLayer[],
  loss: () => Scalar,
): { readonly value: Scalar; readonly befores: readonly Tensor[]; readonly errors: readonly Tensor[] } {
  const befores: Tensor[] = []
  // TensorFlow.js looks at this list when the loss is there: so it may name what is computed on the way. The first keeps
  // it from being empty before.
  const outputs: Tensor[] = [tf.scalar(0)]
  const calls = layers.map(({ layer }) => layer.call)
  for (const [i, { layer, before, parameters, after }] of layers.entries()) {
    layer.call = inputs =>
      tf.tidy(() => {
        const given = before(Array.isArray(inputs) ? inputs[0]! : inputs)
        befores[i] = tf.keep(tf.clone(given))
        const output = parameters(given)
        outputs[i + 1] = output
        return after(output)
      })
  }
  try {
    const { value, grads } = tf.engine().gradients(loss, outputs)
    // Copies, which the caller's tidy frees.
    return { value: value as Scalar, befores: befores.map(before => tf.clone(before)), errors: grads.slice(1) }
  } finally {
    for (const [i, { layer }] of layers.entries()) layer.call = calls[i]!
    tf.dispose(befores)
  }
}
