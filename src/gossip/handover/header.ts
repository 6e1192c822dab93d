import { orNothing } from '../bug.js'
import { HeadHeader } from '../generated/handover.js'
import { Rejection } from '../rejection.js'
import type { Piece } from '../stream/frames.js'
import { handoverProtocol } from './protocol.js'

/**
 * With memory: which copy of the sender's vector the numbers are to be added to, and which it then is, each by its
 * SHA-256. A receiver that holds another has missed a message.
 */
export interface CopyLink {
  readonly follows: Uint8Array<ArrayBuffer>
  readonly becomes: Uint8Array<ArrayBuffer>
}

/** The link that a header has, if it has one. */
export function linkIn({ follows, becomes }: HeadHeader): CopyLink | undefined {
  return follows && becomes && { follows, becomes }
}

/** Does a sender say by this header that it has nothing new, in place of a head? */
export function isStill({ still }: HeadHeader): boolean {
  return still === true
}

/**
 * First stage of a head's way out: its header; once that is `admitted`, the payload.
 *
 * @param chunks - of the payload, as they are to be framed
 * @param admitted - rejects when the payload is not wanted; the stage then fails with that reason
 */
export async function* takeHead(
  header: HeadHeader,
  chunks: Iterable<Uint8Array>,
  admitted: Promise<void>,
): AsyncGenerator<Uint8Array> {
  yield HeadHeader.encode(header)
  await admitted
  yield* chunks
}

/**
 * A header from bytes.
 *
 * @throws {@link Rejection} MALFORMED, or OVERSIZE_FRAME for more bytes than a header can have
 */
export function decodeHeadHeader(bytes: Uint8Array): HeadHeader {
  if (bytes.length > handoverProtocol.limits.headerBytes) throw new Rejection('OVERSIZE_FRAME')
  const header = orNothing(() => HeadHeader.decode(bytes))
  if (header?.runId.length !== 32 || header.layoutDigest.length !== 32) throw new Rejection('MALFORMED')
  const { follows, becomes, payloadBytes } = header
  if (follows?.length !== becomes?.length || (follows?.length ?? 32) !== 32) throw new Rejection('MALFORMED')
  if (isStill(header) && (payloadBytes !== 0 || follows !== undefined)) throw new Rejection('MALFORMED')
  return header
}

/**
 * Takes the header off the front of a stream's pieces; what follows is left in `pieces`.
 *
 * @throws {@link Rejection} as {@link decodeHeadHeader}, or CUT_OFF where no header comes
 */
export async function headerOff(pieces: AsyncGenerator<Piece>): Promise<HeadHeader> {
  const parts: Uint8Array[] = []
  for (;;) {
    const { value: piece, done } = await pieces.next()
    if (done === true) throw new Rejection('CUT_OFF')
    parts.push(piece.bytes)
    if (piece.last) return decodeHeadHeader(Buffer.concat(parts))
  }
}
