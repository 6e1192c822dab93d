import { type Codec, EncodingError, exactly } from '../../src/codec/index.js'

const scaleBytes = 4
const bytesFor = (size: number): number => scaleBytes + Math.ceil(size / 8)

/** A codec from outside: the sign of each number, times the largest magnitude. Nothing can be decoded until all is there. */
export const signs: Codec = {
  name: 'signs',
  inPlace: false,
  tensors: ({ size }) => [
    { name: 'scale', shape: [], dtype: 'F32' },
    { name: 'signs', shape: [Math.ceil(size / 8)], dtype: 'I8' },
  ],
  size: ({ size }) => exactly(bytesFor(size)),
  decodable: ({ size }, bytes) => (bytes === bytesFor(size) ? size : 0),
  encode(_layout, values, into) {
    const scale = new Float32Array(into.buffer, into.byteOffset, 1).fill(0)
    const bits = into.subarray(scaleBytes).fill(0)
    const pack = (from: number, to: number): void => {
      for (let i = from; i < to; i++) {
        scale[0] = Math.max(scale[0]!, Math.abs(values[i]!))
        if (values[i]! < 0) bits[i >> 3]! |= 1 << (i & 7)
      }
    }
    return { passes: [pack], length: () => into.length }
  },
  decode(_layout, from, values) {
    const [scale] = new Float32Array(from.slice(0, scaleBytes).buffer)
    if (!Number.isFinite(scale)) throw new EncodingError('NOT_FINITE')
    return (start, end) => {
      for (let i = start; i < end; i++) values[i] = from[scaleBytes + (i >> 3)]! & (1 << (i & 7)) ? -scale! : scale!
    }
  },
}
