import fc from 'fast-check'
import type { Codec } from '../../src/codec/index.js'
import { type Layout, layoutOf } from '../../src/tensors/index.js'

// A tensor of one number, an empty one, and two whose numbers begin and end at odd places.
export const layout = layoutOf([
  { name: 'dense/kernel', shape: [5, 3] },
  { name: 'dense/empty', shape: [0, 3] },
  { name: 'norm/gamma', shape: [] },
  { name: 'output/kernel', shape: [7] },
])

const finite = fc.float({ noNaN: true, noDefaultInfinity: true })
const usual = fc.float({ min: -8, max: 8, noNaN: true })
const length = { minLength: layout.size, maxLength: layout.size }
/** Vectors of finite float32s of every size, of those that a model has, and of the ends of the range. */
export const vectors = fc
  .oneof(
    fc.array(finite, length),
    fc.array(usual, length),
    fc.array(fc.constantFrom(0, -0, 1, 2 ** -149, 3.4028234663852886e38), length),
  )
  .map(numbers => Float32Array.from(numbers))

/** Encoded in slices of so many numbers. */
export function encoded(codec: Codec, values: Float32Array, of: Layout = layout, slice = values.length): Uint8Array {
  const into = new Uint8Array(codec.size(of).most)
  const { passes, length } = codec.encode(of, values, into)
  for (const pass of passes) inSlices(values.length, slice, pass)
  return into.subarray(0, length())
}

/** Decoded from memory of its own; where the codec works in place, over the encoded bytes. Bytes come in so large pieces. */
export function decoded(codec: Codec, bytes: Uint8Array, of: Layout = layout, piece = bytes.length): Float32Array {
  const valueBytes = of.size * Float32Array.BYTES_PER_ELEMENT
  const encodedRoom = Math.ceil(bytes.length / 4) * 4
  const room = new Uint8Array(codec.inPlace ? Math.max(valueBytes, encodedRoom) : valueBytes + encodedRoom)
  const from = room.subarray(room.length - bytes.length)
  const values = new Float32Array(room.buffer, codec.inPlace ? room.length - valueBytes : 0, of.size)
  let pass: ((from: number, to: number) => void) | undefined
  let done = 0
  for (let there = 0; there < bytes.length; ) {
    const end = Math.min(bytes.length, there + piece)
    from.set(bytes.subarray(there, end), there)
    there = end
    const ready = codec.decodable(of, there)
    if (ready === done) continue
    pass ??= codec.decode(of, from, values)
    pass(done, ready)
    done = ready
  }
  return values.slice()
}

export const roundTrip = (codec: Codec, values: Float32Array, of: Layout = layout): Float32Array =>
  decoded(codec, encoded(codec, values, of), of)

/** One number through a codec, alone in its tensor. */
export const once = (codec: Codec, value: number): number =>
  roundTrip(codec, Float32Array.of(value), layoutOf([{ name: 'a/b', shape: [1] }]))[0]!

function inSlices(length: number, slice: number, pass: (from: number, to: number) => void): void {
  for (let from = 0; from < length; from += slice) pass(from, Math.min(length, from + slice))
}
