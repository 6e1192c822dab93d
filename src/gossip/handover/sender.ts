import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { pipe } from 'it-pipe'
import { createDeadline } from '../../deadline.js'
import { orNothing, throwBug } from '../bug.js'
import { HandoverReply, type HeadHeader } from '../generated/handover.js'
import { Rejection, type RejectionReason, reasonOf } from '../rejection.js'
import type { StreamDeadlines } from '../stream/deadlines.js'
import { frame, unframe, wholeFrames } from '../stream/frames.js'
import { finish, receive, transmit } from '../stream/stream.js'
import { takeHead } from './header.js'
import { handoverProtocol } from './protocol.js'

/** Why a head did not get across: what the receiver answered, or how the way there ended. */
export type SendFailure = RejectionReason | 'UNREACHABLE' // not dialled before its deadline, or it does not speak the protocol

/** What became of one head on its way to one neighbour. `bytes`: what was written, framing included. */
export type SendResult =
  | { readonly ok: true; readonly bytes: number }
  | { readonly ok: false; readonly reason: SendFailure; readonly bytes: number }

/** Where bytes on the wire are counted. */
export interface WireCount {
  sent(bytes: number): void
  received(bytes: number): void
}

/**
 * Hands one head to one neighbour. What the neighbour or the network does wrong is a result.
 *
 * @param signal - of the caller; only this one makes the promise reject
 * @param stopped - of the service: ends the handover as if the neighbour had gone
 * @throws the signal's reason
 */
export async function sendHead(
  node: Libp2p,
  to: PeerId | Multiaddr[],
  header: HeadHeader,
  chunks: Iterable<Uint8Array>,
  deadlines: StreamDeadlines,
  wire: WireCount,
  signal: AbortSignal,
  stopped: AbortSignal,
): Promise<SendResult> {
  signal.throwIfAborted()
  const deadline = createDeadline(signal, stopped)
  let bytes = 0
  const count = (written: number): void => {
    bytes += written
    wire.sent(written)
  }
  let stream: Stream | undefined
  try {
    deadline.within(deadlines.dialMs, new Rejection('TIMEOUT'))
    stream = await node.dialProtocol(to, handoverProtocol.id, { signal: deadline.signal })
    deadline.within(deadlines.transferMs, new Rejection('TIMEOUT'))
    const refusal = await exchange(stream, header, chunks, deadline.signal, count, wire)
    if (refusal !== undefined) return { ok: false, reason: refusal, bytes }
    await finish(stream, deadlines.closeMs, deadline.signal)
    return { ok: true, bytes }
  } catch (error) {
    signal.throwIfAborted()
    return { ok: false, reason: stream === undefined ? 'UNREACHABLE' : reasonOf(error), bytes }
  } finally {
    deadline.clear()
    // Does nothing to a stream that is closed.
    stream?.abort(new Error('The handover is over'))
  }
}

/** Writes the head and reads the answers, side by side: a refusal may come while the payload is on its way. */
async function exchange(
  stream: Stream,
  header: HeadHeader,
  chunks: Iterable<Uint8Array>,
  signal: AbortSignal,
  count: (bytes: number) => void,
  wire: WireCount,
): Promise<RejectionReason | undefined> {
  const writing = createDeadline(signal)
  const { replyBytes } = handoverProtocol.limits
  const { promise: admitted, resolve: admit, reject: refuse } = Promise.withResolvers<void>()
  // Rejected below only, and awaited only once the header is written: the stream may be gone before.
  admitted.catch(throwBug)
  const written = pipe(takeHead(header, chunks, admitted), frame, transmit(stream, writing.signal, count))
  const answered = pipe(
    receive(stream, signal, wire.received),
    unframe({ firstFrameBytes: replyBytes, frameBytes: replyBytes }),
    wholeFrames,
    replies => lastWord(replies, admit),
  ).finally(() => {
    const over = new Rejection('CUT_OFF')
    refuse(over)
    writing.abort(over)
  })
  try {
    const [refusal] = await Promise.all([
      answered,
      // Why writing ended shows in the answer or in its absence: both watch the same stream.
      written.catch(throwBug),
    ])
    return refusal
  } finally {
    writing.clear()
  }
}

/** Reads replies until one of them is final: the reason of a refusal, or `undefined` when the head was accepted. */
async function lastWord(replies: AsyncIterable<Uint8Array>, admit: () => void): Promise<RejectionReason | undefined> {
  let admitted = false
  for await (const bytes of replies) {
    const code = decodeReply(bytes)
    if (code === 'ACCEPTED') return undefined
    if (code !== 'CONTINUE') return code
    // Once: a receiver that only ever sends CONTINUE would keep us reading.
    if (admitted) throw new Rejection('MALFORMED')
    admitted = true
    admit()
  }
  throw new Rejection('CUT_OFF')
}

/**
 * The code in a reply.
 *
 * @throws {@link Rejection} MALFORMED for anything that this version does not know
 */
export function decodeReply(bytes: Uint8Array): RejectionReason | 'CONTINUE' | 'ACCEPTED' {
  const code = orNothing(() => HandoverReply.decode(bytes))?.code
  if (code === undefined || code === HandoverReply.Code.UNKNOWN) throw new Rejection('MALFORMED')
  return `${code}` as const
}
