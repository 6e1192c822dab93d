import { createHash } from 'node:crypto'
import { type Layout, safetensorsHeader } from '../tensors/index.js'
import { inSlices } from '../turns.js'
import type { Buffers } from './buffers.js'
import type { Piece } from './frame.js'
import { HeadHeader } from './messages.js'
import { handoverProtocol } from './protocol.js'
import { Rejection } from './rejection.js'

const floatBytes = Float32Array.BYTES_PER_ELEMENT

/** What a run's heads look like on the wire, to the last byte but for the numbers themselves. */
export interface HeadFormat {
  readonly layout: Layout
  /** The safetensors header that starts every payload. */
  readonly header: Uint8Array
  /** sha256 of that header: two peers agree on it if and only if they mean the same tensors in the same order. */
  readonly layoutDigest: Uint8Array<ArrayBuffer>
  readonly payloadBytes: number
}

export function headFormat(layout: Layout): HeadFormat {
  const header = safetensorsHeader(layout)
  const layoutDigest = Uint8Array.from(createHash('sha256').update(header).digest())
  return { layout, header, layoutDigest, payloadBytes: header.length + layout.size * floatBytes }
}

/**
 * The payload of one exchange, a copy: the head may be overwritten by the merge while slow neighbours still take it.
 *
 * @param values - as many numbers as the layout has; not to be written to before the copy is made
 * @param buffers - where the payload's memory comes from
 */
export async function encodeHead(format: HeadFormat, values: Float32Array, buffers: Buffers): Promise<Uint8Array> {
  if (values.length !== format.layout.size) {
    throw new RangeError(`The head has ${format.layout.size} numbers, not ${values.length}`)
  }
  const payload = buffers.take(format.payloadBytes)
  payload.set(format.header)
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  await inSlices(values.length, 2, (from, to) =>
    payload.set(bytes.subarray(from * floatBytes, to * floatBytes), format.header.length + from * floatBytes),
  )
  return payload
}

/**
 * First stage of a head's way out: its header; once that is `admitted`, views on the payload, none larger than a frame.
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
  const { frameBytes } = handoverProtocol.limits
  for (let at = 0; at < payload.length; at += frameBytes) yield payload.subarray(at, at + frameBytes)
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
 * Last stage of a head's way in: gathers the payload into one buffer on which the numbers lie aligned, and checks it
 * chunk by chunk as it comes. A poisoned head is refused at its first bad chunk, and no check ever holds the event
 * loop for longer than one chunk takes.
 *
 * NaN and infinity show in the sum of squares: no finite float32s overflow a double's.
 *
 * @param normLimit - largest Euclidean norm
 * @param buffers - where the payload's memory comes from, and where it goes back to when the head is refused
 * @param proceed - called for each chunk; throws to give the head up
 * @returns the numbers, a view on the payload
 */
export function gatherHead(
  format: HeadFormat,
  normLimit: number,
  buffers: Buffers,
  proceed: () => void = () => {},
): (source: AsyncIterable<Piece>) => Promise<Float32Array> {
  const { header, layout, payloadBytes } = format
  const squareLimit = normLimit ** 2
  return async source => {
    // Reserved with the first piece, not before: this stage is entered when a stream opens, and a stranger who only
    // opens streams must not cost a head's memory each.
    let payload: Uint8Array<ArrayBuffer> | undefined
    let values = new Float32Array(0)
    let filled = 0
    let checked = 0
    let squares = 0
    try {
      for await (const { bytes, last } of source) {
        proceed()
        if (filled + bytes.length > payloadBytes) throw new Rejection('WRONG_SIZE')
        if (payload === undefined) {
          payload = buffers.take(payloadBytes)
          values = new Float32Array(payload.buffer, header.length, layout.size)
        }
        payload.set(bytes, filled)
        if (filled < header.length) checkHeaderBytes(payload, filled, filled + bytes.length, header)
        filled += bytes.length

        const complete = Math.floor((filled - header.length) / floatBytes)
        if (complete > checked) {
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
      if (payload !== undefined) buffers.give(payload)
      throw error
    }
  }
}

function sumOfSquares(values: Float32Array, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += values[i]! * values[i]!
  return sum
}

function checkHeaderBytes(payload: Uint8Array, from: number, to: number, header: Uint8Array): void {
  const end = Math.min(to, header.length)
  if (Buffer.compare(payload.subarray(from, end), header.subarray(from, end)) !== 0) throw new Rejection('MALFORMED')
}
