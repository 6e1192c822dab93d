import { createHash } from 'node:crypto'
import { type Codec, f32 } from '../../codec/index.js'
import { headerOfTensors, type Layout } from '../../tensors/index.js'

const floatBytes = Float32Array.BYTES_PER_ELEMENT

/** What a run's heads look like on the wire, to the last byte but for the numbers themselves. */
export interface HeadFormat {
  readonly layout: Layout
  readonly codec: Codec
  /** The safetensors header that starts every payload. */
  readonly header: Uint8Array
  /**
   * sha256 of that header: two peers agree on it if and only if they mean the same tensors in the same order and the
   * same encoding.
   */
  readonly layoutDigest: Uint8Array<ArrayBuffer>
  readonly payloadBytes: number
  /** Memory that a head takes while it arrives: the header, the encoded numbers at the end, the decoded ones. */
  readonly arrivedBytes: number
  /** Where in that memory the decoded numbers begin. */
  readonly valuesStart: number
}

/**
 * @param codec - how the numbers travel
 * @throws RangeError for a layout of which the codec makes two tensors with the same name, or for a codec whose size the
 *   layout does not determine
 */
export function headFormat(layout: Layout, codec: Codec = f32): HeadFormat {
  const tensors = codec.tensors(layout)
  if (new Set(tensors.map(({ name }) => name)).size < tensors.length) {
    throw new RangeError('Two tensors of the head have the same name, or one is named as the scale of another')
  }
  const { least, most } = codec.size(layout)
  if (least !== most) throw new RangeError(`${codec.name}: a head needs a codec that always takes as many bytes`)
  const header = headerOfTensors(tensors, codec.metadata?.(layout))
  const valueBytes = layout.size * floatBytes
  // In place, encoded numbers lie at the end of the room for the decoded ones, which grow towards them and never pass
  // them: a head that arrives takes no more memory than one that is here.
  const room = codec.inPlace ? Math.max(valueBytes, aligned(most)) : valueBytes + aligned(most)
  return {
    layout,
    codec,
    header,
    layoutDigest: Uint8Array.from(createHash('sha256').update(header).digest()),
    payloadBytes: header.length + most,
    arrivedBytes: header.length + room,
    valuesStart: header.length + (codec.inPlace ? room - valueBytes : 0),
  }
}

/** Views on float32s begin at multiples of their size. */
function aligned(bytes: number): number {
  return Math.ceil(bytes / floatBytes) * floatBytes
}
