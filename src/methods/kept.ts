import type { NamedTensor } from '../tensors/index.js'

/**
 * What a method keeps of a peer beside its model: with both, a peer that comes back goes on with the same bits. Vectors
 * are those at work, so they hold until the next round.
 */
export interface Kept {
  /**
   * The shared part of the model as it was before others had a part in it, where they have: what the peer goes back to
   * when the model turns out to be broken.
   */
  readonly before?: Float32Array | undefined
  readonly tensors: readonly NamedTensor[]
  /** Few, by what they are: 64-bit numbers, to the last bit. One that is not finite comes back as NaN. */
  readonly numbers: Readonly<Record<string, readonly number[]>>
}

/** Of a method that remembers nothing. */
export const nothingKept: Kept = { tensors: [], numbers: {} }
