import { bytesOf } from '../tensors/index.js'
import { type Codec, numberByNumber } from './codec.js'

const floatBytes = Float32Array.BYTES_PER_ELEMENT

/** Keeps every bit. In place nothing is left to decode: a receiver reads the numbers where they arrived. */
export const f32: Codec = {
  name: 'f32',
  ...numberByNumber('F32'),
  encode(_layout, values, into) {
    const bytes = bytesOf(values)
    const copy = (from: number, to: number): void =>
      into.set(bytes.subarray(from * floatBytes, to * floatBytes), from * floatBytes)
    return { passes: [copy], length: () => bytes.length }
  },
  decode(_layout, from, values) {
    const bytes = bytesOf(values)
    if (from.buffer === bytes.buffer && from.byteOffset === bytes.byteOffset) return () => {}
    return (start, end) => bytes.set(from.subarray(start * floatBytes, end * floatBytes), start * floatBytes)
  },
}
