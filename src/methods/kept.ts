import type { NamedTensor } from '../tensors/index.js'

/**
 * What a method keeps of a peer beside its model: with both, a peer that comes back goes on with the same bits. Vectors
 * are those in use, not copies: they are valid until the next round.
 */
export interface Kept {
  /**
   * The shared part of the model before others' heads were merged into it or replaced it, where that was done: the peer
   * goes back to it when the model turns out to be broken.
   */
  readonly before?: Float32Array | undefined
  readonly tensors: readonly NamedTensor[]
  /** A few 64-bit numbers by name, to the last bit. One that is not finite comes back as NaN. */
  readonly numbers: Readonly<Record<string, readonly number[]>>
}

/** What a road or a rule has added to what a method keeps, by the names of its tensors and of its numbers; and the rest. */
export function partOf(
  kept: Kept,
  prefix: string,
  name: string,
): { readonly tensors: readonly NamedTensor[]; readonly numbers: readonly number[] | undefined; readonly rest: Kept } {
  const tensors = kept.tensors.filter(tensor => tensor.name.startsWith(prefix))
  const { [name]: own, ...numbers } = kept.numbers
  return {
    tensors,
    numbers: own,
    rest: { ...kept, tensors: kept.tensors.filter(one => !tensors.includes(one)), numbers },
  }
}

/** For a method that keeps nothing. */
export const nothingKept: Kept = { tensors: [], numbers: {} }

/** Bytes among what is kept. In a checkpoint there are tensors and numbers, so each is a number. */
export function keptBytes(name: string, bytes: Uint8Array): NamedTensor {
  return { name, shape: [bytes.length], values: new Float32Array(bytes) }
}

/** @returns undefined where the tensor is none of this name, or of other numbers than bytes */
export function bytesOfKept(name: string, tensor: NamedTensor | undefined): Uint8Array | undefined {
  const areBytes = tensor?.values.every(value => Number.isInteger(value) && value >= 0 && value <= 255)
  return tensor?.name === name && areBytes ? Uint8Array.from(tensor.values) : undefined
}
