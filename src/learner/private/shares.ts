import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { overPlaces } from '../models/group-norm.js'
import { tf } from '../tensorflow.js'

/*
 * What one layer's parameters have to do with the gradient of each record of a batch: its length, and sums of it with a
 * factor a record. By the layer's inputs a and the loss's gradient e in what it puts out, without a gradient a record
 * where that would be large: "ghost clipping" (arXiv 2210.00038).
 */

/** A layer's share of the gradients of a batch's records. */
export interface Share {
  /** ‖∂ℓ_r/∂w‖² over the layer's own parameters, [records]. */
  readonly squares: Tensor
  /** Σ_r c_r·∂ℓ_r/∂w of each of its parameters, in their order. @param factors - c, [records, 1] */
  sums(factors: Tensor2D): Tensor[]
}

/** Several parameters of one layer, one behind the other. */
export function joined(shares: readonly Share[]): Share {
  return {
    squares: tf.addN(shares.map(({ squares }) => squares)),
    sums: factors => shares.flatMap(share => share.sums(factors)),
  }
}

/** A matrix that each record meets once: ‖a eᵀ‖² = ‖a‖²·‖e‖². @param a - [records, inputs] @param e - [records, outputs] */
export function matrixShare(a: Tensor2D, e: Tensor2D): Share {
  return {
    squares: tf.mul(squaresOf(a), squaresOf(e)),
    sums: factors => [tf.matMul(a, tf.mul(e, factors), true)],
  }
}

/**
 * How many products a number costs that is written to memory and read again twice: some 12 bytes at 10 GB/s beside 15
 * thousand million products a second.
 */
const productsOfNumber = 20

/**
 * Of ‖A‖²·‖E‖². Pairs of places may cancel out, and the sum then be any number of that part of it that float32 rounds,
 * below zero too: a record would pass for a shorter one. The least that is told from rounding; a record whose gradient
 * is shorter is clipped a little more.
 */
const leastSquare = 2 ** -16

/** Are a matrix' gradients, of all records, cheaper written out than compared place by place? */
function areWritten(places: number, inputs: number, outputs: number): boolean {
  return places ** 2 * (inputs + outputs) >= productsOfNumber * inputs * outputs
}

/** How many numbers {@link placesShare} holds for each record. */
export function heldByPlaces(places: number, inputs: number, outputs: number): number {
  return places * inputs + (areWritten(places, inputs, outputs) ? inputs * outputs : 3 * places ** 2)
}

/**
 * A matrix that each record meets at several places: its gradient is AᵀE. That is either written out for each record; or,
 * where it is large and the places are few, ‖AᵀE‖² = ⟨AAᵀ, EEᵀ⟩ over pairs of places.
 *
 * @param a - [records, places, inputs]
 * @param e - [records, places, outputs]
 */
export function placesShare(a: Tensor3D, e: Tensor3D): Share {
  const [records, places, inputs] = a.shape
  const outputs = e.shape[2]
  if (!areWritten(places, inputs, outputs)) {
    const pairs = tf.mul(tf.matMul(a, a, false, true), tf.matMul(e, e, false, true))
    const least = tf.mul(tf.mul(squaresOf(a), leastSquare), squaresOf(e))
    return {
      squares: tf.maximum(tf.sum(tf.sum(pairs, 2), 1), least),
      sums: factors => {
        const scaled = tf.mul(e, tf.expandDims(factors, 2))
        const rows = records * places
        return [tf.matMul(tf.reshape(a, [rows, inputs]), tf.reshape(scaled, [rows, outputs]), true)]
      },
    }
  }
  // In this order a third faster on native TensorFlow: the longer side lies as it is.
  const each = tf.matMul(e, a, true)
  return {
    squares: squaresOf(each),
    sums: factors => {
      const sum = tf.matMul(factors, tf.reshape(each, [records, outputs * inputs]), true)
      return [tf.transpose(tf.reshape(sum, [outputs, inputs]))]
    },
  }
}

/** Numbers that are added at every place. @param e - [records, …, outputs] @param size - numbers of the parameter */
export function offsetShare(e: Tensor, size: number): Share {
  const records = e.shape[0]!
  const each =
    e.size === records * size
      ? (tf.reshape(e, [records, size]) as Tensor2D)
      : overPlaces(tf.reshape(e, [records, -1, size]) as Tensor3D)
  return {
    squares: squaresOf(each),
    sums: factors => [tf.reshape(tf.matMul(factors, each, true), [size])],
  }
}

/**
 * Of each record, [records]. On native TensorFlow all of a record at once: of 48 times 25,000 numbers 0.2 ms, by a product
 * of each with itself 1.3.
 */
function squaresOf(each: Tensor): Tensor1D {
  const records = each.shape[0]!
  let squares: Tensor = tf.square(each)
  const { isUsingGpuDevice } = tf.backend() as { readonly isUsingGpuDevice?: boolean }
  if (isUsingGpuDevice === false) return tf.sum(tf.reshape(squares, [records, -1]), 1) as Tensor1D
  // Axis by axis: wasm adds one by one in float32 (norm.ts).
  while (squares.rank > 1) squares = tf.sum(squares, -1)
  return squares as Tensor1D
}
