import type { Layout, SafetensorsDtype } from '../../tensors/index.js'

/** A head's numbers as they travel, behind the safetensors header. */
export interface Encoded {
  /** One for each tensor of the layout; empty where the encoding has none. */
  readonly scales: Float32Array
  /** All numbers in the order of the layout, without gaps. Aligned to the size of one. */
  readonly numbers: Uint8Array
}

/** Does the numbers [from, to). A pass is asked for every number once, from the first to the last. */
export type Pass = (from: number, to: number) => void

/**
 * A way for a head's numbers to travel. The payload stays a safetensors file, whatever it is.
 *
 * What is finite stays finite. A head that is not, as a diverged model has, arrives as one that is not: it must be
 * refused with NOT_FINITE as it would be in float32, and never pass for an honest one.
 */
export interface HeadEncoding {
  readonly dtype: SafetensorsDtype
  /** Does each tensor bring a scale, a scalar F32 tensor `<name>.scale` ahead of all numbers? */
  readonly scaled: boolean
  /** The passes that write `to`, to be made one after another. */
  encode(layout: Layout, values: Float32Array, to: Encoded): readonly Pass[]
  /**
   * The pass that reads `from`, whose scales are all there and whose numbers are there as far as the pass is asked for.
   *
   * @param values - may end where `from.numbers` ends, in the same memory: no number is written over one not yet read
   * @throws {@link Rejection} at once for scales, and from the pass for numbers, that no encoder writes
   */
  decode(layout: Layout, from: Encoded, values: Float32Array): Pass
}

/** The bits of float32 numbers, in place. Signed: of what fits 32 bits with its sign, V8 makes the faster code. */
export function bitsOf(values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length)
}

/** Numbers of two bytes, in place. */
export function halvesOf({ byteLength, byteOffset, buffer }: Uint8Array): Uint16Array {
  return new Uint16Array(buffer, byteOffset, byteLength / Uint16Array.BYTES_PER_ELEMENT)
}
