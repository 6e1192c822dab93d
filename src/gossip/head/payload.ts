import { equals } from 'uint8arrays/equals'
import { codingVectors, EncodingError, type Pass } from '../../codec/index.js'
import { copyBytes, squaredNorm } from '../../tensors/index.js'
import { inSlices, inTurn, sliceLength } from '../../turns.js'
import { handoverProtocol } from '../handover/protocol.js'
import { Rejection } from '../rejection.js'
import type { Piece } from '../stream/frames.js'
import type { Buffers } from './buffers.js'
import type { HeadFormat } from './format.js'

/**
 * The payload of one exchange, a copy: the head may be overwritten by the merge while slow neighbours still take it.
 *
 * @param values - as many numbers as the layout has; not to be written to before the copy is made
 * @param buffers - where the payload's memory comes from
 */
export async function encodeHead(format: HeadFormat, values: Float32Array, buffers: Buffers): Promise<Uint8Array> {
  const { layout, codec, header } = format
  if (values.length !== layout.size) throw new RangeError(`The head has ${layout.size} numbers, not ${values.length}`)
  const payload = buffers.take(format.payloadBytes)
  payload.set(header)
  const { passes } = codec.encode(layout, values, payload.subarray(header.length))
  for (const pass of passes) await inSlices(values.length, codingVectors, pass)
  return payload
}

/**
 * Last stage of a head's way in: gathers the payload into one buffer on which the numbers lie aligned, decodes it there
 * and checks it chunk by chunk as it comes. A poisoned head is refused at its first bad chunk, and no check ever holds
 * the event loop for longer than one chunk takes.
 *
 * NaN and infinity show in the sum of squares: no finite float32s overflow a double's. What hides its numbers is checked
 * by whoever finds them.
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
  const { header, layout, codec, payloadBytes, arrivedBytes, valuesStart } = format
  // Between the header and the encoded numbers; none where nothing is to be decoded.
  const gap = arrivedBytes - payloadBytes
  const squareLimit = normLimit ** 2
  return async source => {
    // Reserved with the first piece, not before: this stage is entered when a stream opens, and a stranger that only
    // opens streams must not cost a head's memory each.
    let arrived: Uint8Array | undefined
    let values: Float32Array = new Float32Array(0)
    let decode: Pass | undefined
    let filled = 0
    let checked = 0
    let squares = 0
    try {
      for await (const { bytes, last } of source) {
        proceed()
        if (filled + bytes.length > payloadBytes) throw new Rejection('WRONG_SIZE')
        if (arrived === undefined) {
          arrived = buffers.takeForHead(arrivedBytes)
          values = new Float32Array(arrived.buffer, arrived.byteOffset + valuesStart, layout.size)
        }
        const ahead = Math.min(bytes.length, Math.max(0, header.length - filled))
        if (ahead > 0) copyBytes(bytes.subarray(0, ahead), arrived, filled)
        if (ahead < bytes.length) copyBytes(bytes.subarray(ahead), arrived, filled + ahead + gap)
        if (filled < header.length) checkHeaderBytes(arrived, filled, filled + bytes.length, header)
        filled += bytes.length

        const complete = filled < header.length ? 0 : codec.decodable(layout, filled - header.length)
        while (checked < complete) {
          decode ??= codec.decode(layout, arrived.subarray(header.length + gap), values)
          const end = Math.min(complete, checked + sliceLength(codingVectors))
          decode(checked, end)
          if (codec.isHidden !== true) squares += squaredNorm(values, checked, end)
          checked = end
          if (!Number.isFinite(squares)) throw new Rejection('NOT_FINITE')
          if (squares > squareLimit) throw new Rejection('NORM_TOO_LARGE')
          // Of a codec that needs all bytes before the first number, all numbers come at once.
          if (checked < complete) await inTurn(() => {})
        }

        // Only at a frame's end: a frame that goes on would bring bytes that no layout has room for.
        if (filled === payloadBytes && last) return values
      }
      throw new Rejection('CUT_OFF')
    } catch (error) {
      if (arrived !== undefined) buffers.give(arrived)
      throw error instanceof EncodingError ? new Rejection(error.reason) : error
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

function checkHeaderBytes(arrived: Uint8Array, from: number, to: number, header: Uint8Array): void {
  const end = Math.min(to, header.length)
  if (!equals(arrived.subarray(from, end), header.subarray(from, end))) throw new Rejection('MALFORMED')
}
