import { type Buffers, createBuffers, decodeHead, digestOf, encodeHead, headFormat } from '../../gossip/index.js'
import type { Layout } from '../../tensors/index.js'

/** Vectors as they travel where their last bit counts: as float32, whatever the run's codec. */
export interface WholeVectors {
  readonly payloadBytes: number
  /** A payload and its SHA-256. */
  encode(values: Float32Array): Promise<{ readonly bytes: Uint8Array; readonly digest: Uint8Array<ArrayBuffer> }>
  /** The SHA-256 that the payload of this vector has. */
  digestOf(values: Float32Array): Promise<Uint8Array<ArrayBuffer>>
  /** Checked as a head that is handed over. @throws `Rejection` with the reason when it is no vector of this run */
  decode(payload: Uint8Array): Promise<Float32Array>
  /** Returns the memory of what was decoded. */
  release(used: Uint8Array | Float32Array): void
}

export interface WholeVectorsInit {
  readonly layout: Layout
  readonly normLimit: number
  /** @default its own */
  readonly buffers?: Buffers | undefined
}

export function createWholeVectors({ layout, normLimit, buffers = createBuffers() }: WholeVectorsInit): WholeVectors {
  const format = headFormat(layout)
  const encode: WholeVectors['encode'] = async values => {
    const bytes = await encodeHead(format, values, buffers)
    return { bytes, digest: await digestOf(bytes) }
  }
  return {
    payloadBytes: format.payloadBytes,
    encode,
    async digestOf(values) {
      const { bytes, digest } = await encode(values)
      buffers.give(bytes)
      return digest
    },
    decode: payload => decodeHead(format, normLimit, buffers, payload),
    release: used => buffers.give(used),
  }
}
