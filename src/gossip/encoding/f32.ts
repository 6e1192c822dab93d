import type { HeadEncoding } from './encoding.js'

const floatBytes = Float32Array.BYTES_PER_ELEMENT

/** Every bit of the head. The receiver reads the numbers where they arrived: nothing is left to decode. */
export const f32: HeadEncoding = {
  dtype: 'F32',
  scaled: false,
  encode(_layout, values, { numbers }) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    return [(from, to) => numbers.set(bytes.subarray(from * floatBytes, to * floatBytes), from * floatBytes)]
  },
  decode: () => () => {},
}
