import { dtypeBytes, type Layout, type SafetensorsDtype, type TensorEntry } from '../tensors/index.js'

/** Does the numbers [from, to). A pass is called for every number once, from the first to the last. */
export type Pass = (from: number, to: number) => void

/**
 * Bounds of a vector's encoded size, for one layout. Where the two are equal, a receiver knows the size to the byte.
 */
export interface EncodedSize {
  readonly least: number
  readonly most: number
}

/** A vector on its way into bytes. */
export interface Encoding {
  /** To be made one after another; each may be cut into slices. */
  readonly passes: readonly Pass[]
  /** Bytes written, known after the last pass. */
  length(): number
}

/**
 * Turns a vector of numbers into bytes and back. It knows nothing of rounds, peers and networks, and keeps nothing
 * between two calls: what one vector becomes depends on that vector and its layout alone. Bytes come from strangers.
 *
 * What is finite stays finite. A vector that is not, as a diverged model has, either decodes to one that is not or is
 * an {@link EncodingError} NOT_FINITE: it must never pass for an honest one.
 */
export interface Codec {
  /** As the manifest's `encoding` has it: lower-case letters and digits, a letter first. */
  readonly name: string
  /** May `values` end where `from` ends, in the same memory? No number is then written over bytes not yet read. */
  readonly inPlace: boolean
  /** What is decoded are bits that hide numbers: neither their norm nor whether they are finite says anything. */
  readonly isHidden?: true
  /** The tensors of the safetensors file that a vector becomes, in the order of their bytes. */
  tensors(layout: Layout): readonly TensorEntry[]
  /** What stands in that file's `__metadata__`, where its tensors do not tell the vector's. @default nothing */
  metadata?(layout: Layout): Readonly<Record<string, string>>
  /** Bounds of the encoded size, known before a byte is read. */
  size(layout: Layout): EncodedSize
  /** @param into - `most` bytes long, aligned to 8 bytes */
  encode(layout: Layout, values: Float32Array, into: Uint8Array): Encoding
  /** How many numbers, from the first, can be decoded when only the first `bytes` bytes are there. */
  decodable(layout: Layout, bytes: number): number
  /**
   * The pass that writes `values`. It is called for numbers that are {@link decodable}; from then on the first bytes of
   * `from` may be overwritten by `values` if the codec is `inPlace`.
   *
   * @param from - all of the encoded bytes; its end is aligned to 4 bytes
   * @throws {@link EncodingError} at once or from the pass, for bytes that no encoder writes
   */
  decode(layout: Layout, from: Uint8Array, values: Float32Array): Pass
}

/** Bytes that no encoder of an honest peer writes. */
export class EncodingError extends Error {
  override readonly name = 'EncodingError'

  constructor(readonly reason: 'MALFORMED' | 'NOT_FINITE') {
    super(reason)
  }
}

/** The part of a codec that writes one number of `dtype` for each number and nothing else. */
export function numberByNumber(
  dtype: SafetensorsDtype,
): Pick<Codec, 'inPlace' | 'tensors' | 'size' | 'decodable'> & { readonly inPlace: true } {
  const bytes = dtypeBytes[dtype]
  return {
    inPlace: true,
    tensors: ({ tensors }) => tensors.map(({ name, shape }) => ({ name, shape, dtype })),
    size: layout => exactly(layout.size * bytes),
    decodable: (_layout, there) => Math.floor(there / bytes),
  }
}

/** The size of an encoding that always takes as many bytes. */
export function exactly(bytes: number): EncodedSize {
  return { least: bytes, most: bytes }
}

/** The bits of float32 numbers, in place. Signed: V8 makes faster code for numbers that fit 32 bits with their sign. */
export function bitsOf(values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length)
}

/** Numbers of two bytes, in place. */
export function halvesOf({ byteLength, byteOffset, buffer }: Uint8Array): Uint16Array {
  return new Uint16Array(buffer, byteOffset, byteLength / Uint16Array.BYTES_PER_ELEMENT)
}
