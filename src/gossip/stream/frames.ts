import * as lengthPrefixed from 'it-length-prefixed'
import type { Uint8ArrayList } from 'uint8arraylist'
import { Rejection } from '../rejection.js'

/** What the frames of one stream may be. */
export interface FrameLimits {
  /** The first frame, a message. */
  readonly firstFrameBytes: number
  /** Every other frame. */
  readonly frameBytes: number
}

/** Some bytes of a frame, as they arrived: a view, not a copy. */
export interface Piece {
  /** Which frame of the stream, from 0. */
  readonly frame: number
  readonly bytes: Uint8Array
  /** Are these the frame's last bytes? */
  readonly last: boolean
}

/**
 * What we put into one frame of a payload. With its length and the header of Yamux it fits one message of Noise, 65,519
 * bytes; 64 KiB would be encrypted and sent as two, the second of 32 bytes, and heads went a quarter slower.
 */
export const chunkBytes = 60 * 1024

/** A payload in chunks for {@link frame}: views, not copies. */
export function* chunksOf(payload: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < payload.length; at += chunkBytes) yield payload.subarray(at, at + chunkBytes)
}

/**
 * Pipeline stage: puts the length before each chunk. Length and chunk stay one list, so that they leave as one
 * write: two would be two packets to encrypt.
 */
export async function* frame(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8ArrayList> {
  for await (const chunk of source) yield lengthPrefixed.encode.single(chunk)
}

/**
 * Pipeline stage: the inverse, however the bytes were cut on their way. It holds no bytes back, unlike
 * it-length-prefixed's decoder, which gathers a whole frame in a list of the pieces that came: a stranger that sends
 * byte by byte makes that list as long as the frame, and each look at it as slow.
 *
 * Fails with OVERSIZE_FRAME, with MALFORMED for an empty frame (a stream of those would never get anywhere) or a
 * length that is not in its shortest form, and with CUT_OFF when the source ends inside a frame.
 */
export function unframe(limits: FrameLimits): (source: AsyncIterable<Uint8Array>) => AsyncGenerator<Piece> {
  return async function* (source) {
    let index = 0
    let length = 0
    let lengthBytes = 0
    /** Bytes of the frame still to come; 0 while its length is being read. */
    let rest = 0
    for await (const chunk of source) {
      let at = 0
      while (at < chunk.length) {
        if (rest === 0) {
          const byte = chunk[at++]!
          length += (byte & 0x7f) * 2 ** (7 * lengthBytes)
          lengthBytes += 1
          // Checked with every byte: a varint that never ends is refused before it can overflow.
          if (length > (index === 0 ? limits.firstFrameBytes : limits.frameBytes)) throw new Rejection('OVERSIZE_FRAME')
          if (byte >= 0x80) {
            if (lengthBytes > 4) throw new Rejection('MALFORMED')
            continue
          }
          if (byte === 0) throw new Rejection('MALFORMED')
          rest = length
          length = 0
          lengthBytes = 0
        }
        const end = Math.min(chunk.length, at + rest)
        if (end === at) continue
        rest -= end - at
        const piece = { frame: index, bytes: chunk.subarray(at, end), last: rest === 0 }
        at = end
        if (rest === 0) index += 1
        yield piece
      }
    }
    if (rest > 0 || lengthBytes > 0) throw new Rejection('CUT_OFF')
  }
}

/**
 * Pipeline stage: puts the pieces of each frame together. For messages, whose limit is small. Fails with CUT_OFF when
 * the source ends inside a frame.
 */
export async function* wholeFrames(source: AsyncIterable<Piece>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  for await (const { bytes, last } of source) {
    parts.push(bytes)
    if (!last) continue
    yield Buffer.concat(parts)
    parts = []
  }
  if (parts.length > 0) throw new Rejection('CUT_OFF')
}
