import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { pipe } from 'it-pipe'
import { createDeadline } from './deadline.js'
import { frame, readMessage, unframe } from './frame.js'
import { takeHead } from './head.js'
import { HandoverReply, type HeadHeader } from './messages.js'
import { type HandoverDeadlines, handoverProtocol } from './protocol.js'
import { Rejection, type RejectionReason, reasonOf, reasonOfCode } from './rejection.js'
import { finish, receive, transmit } from './stream.js'

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
 * @param stopped - of this room: ends the handover as if the neighbour had gone
 * @throws the signal's reason
 */
export async function sendHead(
  node: Libp2p,
  to: PeerId | Multiaddr[],
  header: HeadHeader,
  payload: Uint8Array,
  deadlines: HandoverDeadlines,
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
    const refusal = await exchange(stream, header, payload, deadline.signal, count, wire)
    if (refusal !== undefined) return { ok: false, reason: refusal, bytes }
    await finish(stream, handoverProtocol.closeMs)
    return { ok: true, bytes }
  } catch (error) {
    signal.throwIfAborted()
    console.log(error)
    return { ok: false, reason: stream === undefined ? 'UNREACHABLE' : reasonOf(error), bytes }
  } finally {
    deadline.clear()
    // Does nothing to a stream that is closed.
    stream?.abort(new Error('The handover is over'))
  }
}

/** Writes the head and reads the answer, side by side: a refusal comes while the payload is still on its way. */
async function exchange(
  stream: Stream,
  header: HeadHeader,
  payload: Uint8Array,
  signal: AbortSignal,
  count: (bytes: number) => void,
  wire: WireCount,
): Promise<RejectionReason | undefined> {
  const writing = createDeadline(signal)
  const { replyBytes } = handoverProtocol.limits
  const answered = pipe(
    receive(stream, signal, wire.received),
    unframe({ firstFrameBytes: replyBytes, frameBytes: replyBytes }),
    readMessage,
    reply => reply.then(decodeReply),
  ).finally(() => writing.abort(new Rejection('CUT_OFF')))
  const written = pipe(takeHead(header, payload), frame, transmit(stream, writing.signal, count))
  try {
    const [refusal] = await Promise.all([
      answered,
      // Why writing ended shows in the answer or in its absence: both watch the same stream.
      written.catch(() => {}),
    ])
    return refusal
  } finally {
    writing.clear()
  }
}

/**
 * The reason in a reply; `undefined` when the head was taken.
 *
 * @throws {@link Rejection} MALFORMED
 */
export function decodeReply(bytes: Uint8Array): RejectionReason | undefined {
  let reply: HandoverReply
  try {
    reply = HandoverReply.decode(bytes)
  } catch {
    throw new Rejection('MALFORMED')
  }
  return reasonOfCode(reply.code)
}
