import type { Codec } from '../../../src/codec/index.js'
import { createBuffers } from '../../../src/gossip/head/buffers.js'
import { headFormat } from '../../../src/gossip/head/format.js'
import { encodeHead, gatherHead } from '../../../src/gossip/head/payload.js'
import type { Piece } from '../../../src/gossip/stream/frames.js'
import { layout } from '../../codec/vectors.js'

async function* pieces(payload: Uint8Array, length: number): AsyncGenerator<Piece> {
  for (let at = 0; at < payload.length; at += length) {
    yield { frame: 1, bytes: payload.subarray(at, at + length), last: at + length >= payload.length }
  }
}

export const encode = (codec: Codec, values: Float32Array, of = layout): Promise<Uint8Array> =>
  encodeHead(headFormat(of, codec), values, createBuffers())

export const decode = (codec: Codec, payload: Uint8Array, length = 64, of = layout): Promise<Float32Array> =>
  gatherHead(headFormat(of, codec), Infinity, createBuffers())(pieces(payload, length))
