import fc from 'fast-check'
import type { EncodingName } from '../../../src/gossip/encoding/index.js'
import { createBuffers } from '../../../src/gossip/head/buffers.js'
import { headFormat } from '../../../src/gossip/head/format.js'
import { encodeHead, gatherHead } from '../../../src/gossip/head/payload.js'
import type { Piece } from '../../../src/gossip/stream/frames.js'
import { layoutOf } from '../../../src/tensors/index.js'

// A tensor of one number, an empty one, and two whose numbers begin and end at odd places.
export const layout = layoutOf([
  { name: 'dense/kernel', shape: [5, 3] },
  { name: 'dense/empty', shape: [0, 3] },
  { name: 'norm/gamma', shape: [] },
  { name: 'output/kernel', shape: [7] },
])

async function* pieces(payload: Uint8Array, length: number): AsyncGenerator<Piece> {
  for (let at = 0; at < payload.length; at += length) {
    yield { frame: 1, bytes: payload.subarray(at, at + length), last: at + length >= payload.length }
  }
}

export const encode = (name: EncodingName, values: Float32Array, of = layout): Promise<Uint8Array> =>
  encodeHead(headFormat(of, name), values, createBuffers())

export const decode = (name: EncodingName, payload: Uint8Array, length = 64, of = layout): Promise<Float32Array> =>
  gatherHead(headFormat(of, name), Infinity, createBuffers())(pieces(payload, length))

export const roundTrip = async (name: EncodingName, values: Float32Array, of = layout): Promise<Float32Array> =>
  (await decode(name, await encode(name, values, of), 64, of)).slice()

const finite = fc.float({ noNaN: true, noDefaultInfinity: true })
const usual = fc.float({ min: -8, max: 8, noNaN: true })
/** Heads of finite float32s of every size, of those that a model has, and of the ends of the range. */
export const heads = fc
  .oneof(
    fc.array(finite, { minLength: layout.size, maxLength: layout.size }),
    fc.array(usual, { minLength: layout.size, maxLength: layout.size }),
    fc.array(fc.constantFrom(0, -0, 1, 2 ** -149, 3.4028234663852886e38), {
      minLength: layout.size,
      maxLength: layout.size,
    }),
  )
  .map(numbers => Float32Array.from(numbers))
