import { createHash } from 'node:crypto'
import { dtypeBytes, headerOfTensors, type Layout } from '../../tensors/index.js'
import { type Encoded, type EncodingName, encodings, type HeadEncoding } from '../encoding/index.js'

const floatBytes = Float32Array.BYTES_PER_ELEMENT

/** What a run's heads look like on the wire, to the last byte but for the numbers themselves. */
export interface HeadFormat {
  readonly layout: Layout
  readonly encoding: HeadEncoding
  /** The safetensors header that starts every payload. */
  readonly header: Uint8Array
  /**
   * sha256 of that header: two peers agree on it if and only if they mean the same tensors in the same order and the
   * same encoding.
   */
  readonly layoutDigest: Uint8Array<ArrayBuffer>
  readonly payloadBytes: number
  /** What an arrived head takes: header and scales as they came, and its numbers as float32. */
  readonly arrivedBytes: number
}

/**
 * @param encoding - how the numbers travel
 * @throws RangeError for a layout that has both a tensor and what would be that tensor's scale
 */
export function headFormat(layout: Layout, encoding: EncodingName = 'f32'): HeadFormat {
  const { dtype, scaled } = encodings[encoding]
  // Scales lie before all numbers: aligned, and known before the first number is to be decoded.
  const scales = layout.tensors.map(({ name }) => ({ name: `${name}.scale`, shape: [], dtype: 'F32' }) as const)
  const numbers = layout.tensors.map(({ name, shape }) => ({ name, shape, dtype }))
  const tensors = scaled ? [...scales, ...numbers] : numbers
  if (new Set(tensors.map(({ name }) => name)).size < tensors.length) {
    throw new RangeError('Two tensors of the head have the same name, or one is named as the scale of another')
  }
  const header = headerOfTensors(tensors)
  const layoutDigest = Uint8Array.from(createHash('sha256').update(header).digest())
  const prefixBytes = header.length + (scaled ? scales.length * floatBytes : 0)
  return {
    layout,
    encoding: encodings[encoding],
    header,
    layoutDigest,
    payloadBytes: prefixBytes + layout.size * dtypeBytes[dtype],
    arrivedBytes: prefixBytes + layout.size * floatBytes,
  }
}

/** Where scales and numbers lie in memory that begins as a payload does; the numbers take its end. */
export function encodedIn({ header, layout, encoding }: HeadFormat, { buffer, length }: Uint8Array): Encoded {
  const numberBytes = layout.size * dtypeBytes[encoding.dtype]
  return {
    scales: new Float32Array(buffer, header.length, encoding.scaled ? layout.tensors.length : 0),
    numbers: new Uint8Array(buffer, length - numberBytes, numberBytes),
  }
}
