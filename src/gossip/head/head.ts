import { createHash } from 'node:crypto'
import { dtypeBytes, headerOfTensors, type Layout } from '../../tensors/index.js'
import { inSlices, inTurn } from '../../turns.js'
import { type Encoded, type EncodingName, encodings, type HeadEncoding, type Pass } from '../encoding/index.js'
import { HeadHeader } from '../generated/handover.js'
import { handoverProtocol } from '../protocol.js'
import { Rejection } from '../rejection.js'
import { chunksOf, type Piece } from '../stream/frames.js'
import type { Buffers } from './buffers.js'

const floatBytes = Float32Array.BYTES_PER_ELEMENT

/** What a run's heads look like on the wire, to the last byte but for the numbers themselves. */
export interface HeadFormat {
  readonly layout: Layout
  readonly encoding: HeadEncoding
  /** The safetensors header that starts every payload. */
  readonly header: Uint8Array
  /**
   * sha256 of that header: two peers agree on it if and only if they mean the same tensors in the same order and the
   * same encoding.
   */
  readonly layoutDigest: Uint8Array<ArrayBuffer>
  readonly payloadBytes: number
  /** What an arrived head takes: header and scales as they came, and its numbers as float32. */
  readonly arrivedBytes: number
}

/**
 * @param encoding - how the numbers travel
 * @throws RangeError for a layout that has both a tensor and what would be that tensor's scale
 */
export function headFormat(layout: Layout, encoding: EncodingName = 'f32'): HeadFormat {
  const { dtype, scaled } = encodings[encoding]
  // Scales lie before all numbers: aligned, and known before the first number is to be decoded.
  const scales = layout.tensors.map(({ name }) => ({ name: `${name}.scale`, shape: [], dtype: 'F32' }) as const)
  const numbers = layout.tensors.map(({ name, shape }) => ({ name, shape, dtype }))
  const tensors = scaled ? [...scales, ...numbers] : numbers
  if (new Set(tensors.map(({ name }) => name)).size < tensors.length) {
    throw new RangeError('Two tensors of the head have the same name, or one is named as the scale of another')
  }
  const header = headerOfTensors(tensors)
  const layoutDigest = Uint8Array.from(createHash('sha256').update(header).digest())
  const prefixBytes = header.length + (scaled ? scales.length * floatBytes : 0)
  return {
    layout,
    encoding: encodings[encoding],
    header,
    layoutDigest,
    payloadBytes: prefixBytes + layout.size * dtypeBytes[dtype],
    arrivedBytes: prefixBytes + layout.size * floatBytes,
  }
}

/** Where scales and numbers lie in memory that begins as a payload does; the numbers take its end. */
function encodedIn({ header, layout, encoding }: HeadFormat, { buffer, length }: Uint8Array): Encoded {
  const numberBytes = layout.size * dtypeBytes[encoding.dtype]
  return {
    scales: new Float32Array(buffer, header.length, encoding.scaled ? layout.tensors.length : 0),
    numbers: new Uint8Array(buffer, length - numberBytes, numberBytes),
  }
}

/**
 * The payload of one exchange, a copy: the head may be overwritten by the merge while slow neighbours still take it.
 *
 * @param values - as many numbers as the layout has; not to be written to before the copy is made
 * @param buffers - where the payload's memory comes from
 */
export async function encodeHead(format: HeadFormat, values: Float32Array, buffers: Buffers): Promise<Uint8Array> {
  const { layout, encoding } = format
  if (values.length !== layout.size) throw new RangeError(`The head has ${layout.size} numbers, not ${values.length}`)
  const payload = buffers.take(format.payloadBytes)
  payload.set(format.header)
  const passes = encoding.encode(layout, values, encodedIn(format, payload))
  // Rounding a number takes some 5 ns, as long as going over four vectors.
  for (const pass of passes) await inSlices(values.length, 4, pass)
  return payload
}

/**
 * First stage of a head's way out: its header; once that is `admitted`, views on the payload.
 *
 * @param admitted - rejects when the payload is not wanted; the stage then fails with that reason
 */
export async function* takeHead(
  header: HeadHeader,
  payload: Uint8Array,
  admitted: Promise<void>,
): AsyncGenerator<Uint8Array> {
  yield HeadHeader.encode(header)
  await admitted
  yield* chunksOf(payload)
}

/**
 * A header from bytes.
 *
 * @throws {@link Rejection} MALFORMED, or OVERSIZE_FRAME for more bytes than a header can have
 */
export function decodeHeadHeader(bytes: Uint8Array): HeadHeader {
  if (bytes.length > handoverProtocol.limits.headerBytes) throw new Rejection('OVERSIZE_FRAME')
  let header: HeadHeader
  try {
    header = HeadHeader.decode(bytes)
  } catch {
    throw new Rejection('MALFORMED')
  }
  if (header.runId.length !== 32 || header.layoutDigest.length !== 32) throw new Rejection('MALFORMED')
  return header
}

/**
 * Pipeline stage: takes the header off the front and lets nothing pass before `check` has seen it.
 *
 * @param check - throws a {@link Rejection} to refuse what follows
 */
export function checkHeader(
  check: (header: HeadHeader) => void,
): (source: AsyncIterable<Piece>) => AsyncGenerator<Piece> {
  return async function* (source) {
    const parts: Uint8Array[] = []
    for await (const piece of source) {
      if (piece.frame > 0) {
        yield piece
      } else {
        parts.push(piece.bytes)
        if (piece.last) check(decodeHeadHeader(Buffer.concat(parts)))
      }
    }
  }
}

/**
 * Last stage of a head's way in: gathers the payload into one buffer on which the numbers lie aligned, decodes it there
 * and checks it chunk by chunk as it comes. A poisoned head is refused at its first bad chunk, and no check ever holds
 * the event loop for longer than one chunk takes.
 *
 * NaN and infinity show in the sum of squares: no finite float32s overflow a double's.
 *
 * @param normLimit - largest Euclidean norm
 * @param buffers - where the head's memory comes from, and where it goes back to when the head is refused
 * @param proceed - called for each chunk; throws to give the head up
 * @returns the numbers, a view on that memory
 */
export function gatherHead(
  format: HeadFormat,
  normLimit: number,
  buffers: Buffers,
  proceed: () => void = () => {},
): (source: AsyncIterable<Piece>) => Promise<Float32Array> {
  const { header, layout, encoding, payloadBytes, arrivedBytes } = format
  const numberBytes = dtypeBytes[encoding.dtype]
  const prefixBytes = payloadBytes - layout.size * numberBytes
  // Encoded numbers lie at the end of the place for the decoded ones, which grow towards them and never pass them: a
  // head that arrives takes no more memory than one that is here. There is no gap where nothing is to be decoded.
  const gap = arrivedBytes - payloadBytes
  const squareLimit = normLimit ** 2
  return async source => {
    // Reserved with the first piece, not before: this stage is entered when a stream opens, and a stranger who only
    // opens streams must not cost a head's memory each.
    let arrived: Uint8Array<ArrayBuffer> | undefined
    let values = new Float32Array(0)
    let decode: Pass | undefined
    let filled = 0
    let checked = 0
    let squares = 0
    try {
      for await (const { bytes, last } of source) {
        proceed()
        if (filled + bytes.length > payloadBytes) throw new Rejection('WRONG_SIZE')
        if (arrived === undefined) {
          arrived = buffers.take(arrivedBytes)
          values = new Float32Array(arrived.buffer, prefixBytes, layout.size)
        }
        const ahead = Math.min(bytes.length, Math.max(0, prefixBytes - filled))
        if (ahead > 0) arrived.set(bytes.subarray(0, ahead), filled)
        if (ahead < bytes.length) arrived.set(bytes.subarray(ahead), filled + ahead + gap)
        if (filled < header.length) checkHeaderBytes(arrived, filled, filled + bytes.length, header)
        filled += bytes.length

        const complete = Math.floor((filled - prefixBytes) / numberBytes)
        if (complete > checked) {
          decode ??= encoding.decode(layout, encodedIn(format, arrived), values)
          decode(checked, complete)
          squares += sumOfSquares(values, checked, complete)
          checked = complete
        }
        if (!Number.isFinite(squares)) throw new Rejection('NOT_FINITE')
        if (squares > squareLimit) throw new Rejection('NORM_TOO_LARGE')

        // Only at a frame's end: a frame that goes on would bring bytes that no layout has room for.
        if (filled === payloadBytes && last) return values
      }
      throw new Rejection('CUT_OFF')
    } catch (error) {
      if (arrived !== undefined) buffers.give(arrived)
      throw error
    }
  }
}

/**
 * The numbers of a payload that is here whole, checked as one that comes: piece by piece, each in its turn. With the
 * pieces always the same, all peers come to the same verdict, to the last bit of the norm.
 *
 * @throws {@link Rejection} with the reason when it is no head of this format
 */
export function decodeHead(
  format: HeadFormat,
  normLimit: number,
  buffers: Buffers,
  payload: Uint8Array,
): Promise<Float32Array> {
  return gatherHead(format, normLimit, buffers)(piecesOf(payload))
}

async function* piecesOf(payload: Uint8Array): AsyncGenerator<Piece> {
  const { frameBytes } = handoverProtocol.limits
  for (let at = 0; at < payload.length; at += frameBytes) {
    await inTurn(() => {})
    yield { frame: 1 + at / frameBytes, bytes: payload.subarray(at, at + frameBytes), last: true }
  }
}

function sumOfSquares(values: Float32Array, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += values[i]! * values[i]!
  return sum
}

function checkHeaderBytes(arrived: Uint8Array, from: number, to: number, header: Uint8Array): void {
  const end = Math.min(to, header.length)
  if (Buffer.compare(arrived.subarray(from, end), header.subarray(from, end)) !== 0) throw new Rejection('MALFORMED')
}
