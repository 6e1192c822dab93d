import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { Rejection } from '../rejection.js'
import { chunkBytes, type Piece } from '../stream/frames.js'

/*
 * Float32 numbers in fewer bytes, to the same bits. Of trained weights the last byte of each number, its sign and most
 * of its exponent, takes few values; the bits of the fractions are as good as random. So of each chunk of a payload the
 * last bytes are put together and Huffman coded, and the others stay as they are: more work, or a better compressor,
 * finds nothing in them.
 *
 *     u16, little-endian   length of the coded bytes; 0 where coding does not make them fewer
 *     the last byte of every number: DEFLATE (RFC 1951), or as they are
 *     the other bytes, in order
 */

const lengthBytes = 2
const numberBytes = 4

/** The longest chunk that {@link slim} makes. */
export const slimFrameBytes = lengthBytes + chunkBytes

/** Pipeline stage: chunks of a payload, as `chunksOf` cuts it, in fewer bytes. */
export function* slim(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const chunk of chunks) yield slimChunk(chunk)
}

function slimChunk(chunk: Uint8Array): Uint8Array {
  const numbers = Math.floor(chunk.length / numberBytes)
  const lasts = new Uint8Array(numbers)
  for (let i = 0; i < numbers; i++) lasts[i] = chunk[i * numberBytes + numberBytes - 1]!
  const deflated = deflateRawSync(lasts, { strategy: constants.Z_HUFFMAN_ONLY })
  const isFewer = deflated.length < numbers
  const coded = isFewer ? deflated : lasts
  const out = new Uint8Array(lengthBytes + coded.length + chunk.length - numbers)
  new DataView(out.buffer).setUint16(0, isFewer ? coded.length : 0, true)
  out.set(coded, lengthBytes)
  let at = lengthBytes + coded.length
  for (let i = 0; i < numbers; i++) {
    const from = i * numberBytes
    out[at++] = chunk[from]!
    out[at++] = chunk[from + 1]!
    out[at++] = chunk[from + 2]!
  }
  out.set(chunk.subarray(numbers * numberBytes), at)
  return out
}

/**
 * Pipeline stage: the inverse. The payload's length tells that of each chunk, so that nothing grows beyond it, whatever
 * a stranger has coded; of a frame no more is held than a chunk can be long. Fails with WRONG_SIZE for a frame that is no
 * such chunk, or comes after the last, with MALFORMED for coded bytes that do not become as many as there are numbers, and
 * with CUT_OFF.
 */
export function unslim(payloadBytes: number): (source: AsyncIterable<Piece>) => AsyncGenerator<Piece> {
  return async function* (source) {
    // Not before the header is admitted: a stranger that only opens streams must not cost a frame each.
    let arrived: Uint8Array | undefined
    let filled = 0
    let done = 0
    for await (const { frame, bytes, last } of source) {
      arrived ??= new Uint8Array(slimFrameBytes)
      if (filled + bytes.length > arrived.length) throw new Rejection('WRONG_SIZE')
      arrived.set(bytes, filled)
      filled += bytes.length
      if (!last) continue
      const chunk = unslimChunk(arrived.subarray(0, filled), Math.min(chunkBytes, payloadBytes - done))
      filled = 0
      done += chunk.length
      yield { frame, bytes: chunk, last }
    }
    if (filled > 0) throw new Rejection('CUT_OFF')
  }
}

function unslimChunk(coded: Uint8Array, length: number): Uint8Array {
  const numbers = Math.floor(length / numberBytes)
  if (length === 0 || coded.length < lengthBytes) throw new Rejection('WRONG_SIZE')
  const deflatedBytes = new DataView(coded.buffer, coded.byteOffset).getUint16(0, true)
  const othersAt = lengthBytes + (deflatedBytes || numbers)
  if (coded.length !== othersAt + length - numbers) throw new Rejection('WRONG_SIZE')
  const first = coded.subarray(lengthBytes, othersAt)
  const lasts = deflatedBytes === 0 ? first : inflated(first, numbers)
  const chunk = new Uint8Array(length)
  let at = othersAt
  for (let i = 0; i < numbers; i++) {
    const to = i * numberBytes
    chunk[to] = coded[at++]!
    chunk[to + 1] = coded[at++]!
    chunk[to + 2] = coded[at++]!
    chunk[to + 3] = lasts[i]!
  }
  chunk.set(coded.subarray(at), numbers * numberBytes)
  return chunk
}

/** @throws {@link Rejection} MALFORMED unless they become exactly so many */
function inflated(bytes: Uint8Array, length: number): Uint8Array {
  let plain: Uint8Array
  try {
    // With less than a byte Node takes no limit.
    plain = inflateRawSync(bytes, { maxOutputLength: Math.max(1, length) })
  } catch {
    throw new Rejection('MALFORMED')
  }
  if (plain.length !== length) throw new Rejection('MALFORMED')
  return plain
}
