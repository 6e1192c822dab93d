import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import * as lengthPrefixed from 'it-length-prefixed'
import { pipe } from 'it-pipe'
import { equals } from 'uint8arrays/equals'
import { createDeadline } from '../../deadline.js'
import { throwBug } from '../bug.js'
import { HandoverReply, type HeadHeader } from '../generated/handover.js'
import type { Buffers } from '../head/buffers.js'
import type { HeadFormat } from '../head/format.js'
import { gatherHead } from '../head/payload.js'
import { unslim } from '../head/slim.js'
import type { PeerIdStr } from '../peer-id.js'
import { isFinal, Rejection, type RejectionReason, reasonOf } from '../rejection.js'
import type { StreamDeadlines } from '../stream/deadlines.js'
import { type Piece, unframe } from '../stream/frames.js'
import { createStreamService, type StreamService } from '../stream/service.js'
import { finish, receive } from '../stream/stream.js'
import { type CopyLink, headerOff, isStill, linkIn } from './header.js'
import type { Claim, Inbox } from './inbox.js'
import { handoverProtocol } from './protocol.js'
import type { WireCount } from './sender.js'

const { id, limits } = handoverProtocol

/** A head that was refused. Round and step are there once the header was read. */
export interface RejectedHead {
  readonly sender: PeerIdStr
  readonly reason: RejectionReason
  readonly round: number | undefined
  readonly step: number | undefined
}

export interface ReceiverInit {
  readonly runId: Uint8Array
  readonly format: HeadFormat
  /** See `HandoverInit`. */
  readonly isSlim: boolean
  readonly mayBeStill: boolean
  readonly normLimit: number
  readonly buffers: Buffers
  readonly inbox: Inbox
  readonly deadlines: StreamDeadlines
  readonly wire: WireCount
  /** Receives the link of every head that is delivered with one. */
  readonly links: WeakMap<Float32Array, CopyLink>
  /** See `HandoverInit`. */
  readonly admit: (sender: PeerIdStr, round: number, step: number) => RejectionReason | undefined
  readonly onAccepted: () => void
  readonly onRejected: (rejected: RejectedHead) => void
}

/** Creates the service that receives heads on a node and puts them into the inbox. */
export function createReceiver(node: Libp2p, init: ReceiverInit): StreamService {
  const { runId, format, isSlim, normLimit, buffers, inbox, deadlines, wire, links } = init
  const streamsOf = new Map<PeerIdStr, number>()

  /**
   * ALGORITHMS.md 3.8: expected sender and round, then size and shape. libp2p has proved the sender's identity.
   *
   * @returns the place for the head that follows; none where the sender has nothing new
   */
  function claimFor(sender: PeerIdStr, header: HeadHeader): Claim | undefined {
    const { round, step } = header
    if (!equals(header.runId, runId)) throw new Rejection('WRONG_RUN')
    const refusal = init.admit(sender, round, step)
    if (refusal !== undefined) throw new Rejection(refusal)
    inbox.checkPosition(round, step)
    if (!equals(header.layoutDigest, format.layoutDigest)) throw new Rejection('WRONG_LAYOUT')
    if (isStill(header)) {
      if (!init.mayBeStill) throw new Rejection('MALFORMED')
      inbox.still(sender, round, step)
      return undefined
    }
    if (header.payloadBytes !== format.payloadBytes) throw new Rejection('WRONG_SIZE')
    return inbox.claim(sender, round, step)
  }

  /** The payload behind an admitted header, into its place. */
  async function takeHead(pieces: AsyncIterable<Piece>, header: HeadHeader, claim: Claim): Promise<void> {
    const values = await pipe(
      pieces,
      isSlim ? unslim(format.payloadBytes) : asTheyCome,
      gatherHead(format, normLimit, buffers, claim.proceed),
    )
    const link = linkIn(header)
    if (link !== undefined) links.set(values, link)
    claim.deliver(values)
    init.onAccepted()
  }

  async function onStream(stream: Stream, { remotePeer }: Connection, stopped: AbortSignal): Promise<void> {
    const sender = remotePeer.toString()
    const open = (streamsOf.get(sender) ?? 0) + 1
    streamsOf.set(sender, open)
    const deadline = createDeadline(stopped)
    let position: HeadHeader | undefined
    let claim: Claim | undefined
    try {
      if (open > limits.streamsPerPeer) throw new Rejection('TOO_MANY_STREAMS')
      deadline.within(deadlines.firstByteMs, new Rejection('TIMEOUT'))
      const pieces = pipe(
        receive(stream, deadline.signal, wire.received),
        unframe({ firstFrameBytes: limits.headerBytes, frameBytes: limits.frameBytes }),
      )
      position = await headerOff(pieces)
      claim = claimFor(sender, position)
      reply(stream, HandoverReply.Code.CONTINUE, wire)
      deadline.within(deadlines.transferMs, new Rejection('TIMEOUT'))
      if (claim !== undefined) await takeHead(pieces, position, claim)
      await conclude(stream, HandoverReply.Code.ACCEPTED, init, stopped)
      await finish(stream, deadlines.closeMs, stopped)
    } catch (error) {
      throwBug(error)
      if (stopped.aborted) return
      const reason = reasonOf(error)
      init.onRejected({ sender, reason, round: position?.round, step: position?.step })
      if (isFinal(reason)) claim?.refuse(new Rejection(reason))
      await conclude(stream, HandoverReply.Code[reason], init, stopped)
    } finally {
      claim?.release()
      deadline.clear()
      stream.abort(new Error('The handover is over'))
      const left = streamsOf.get(sender)! - 1
      if (left === 0) streamsOf.delete(sender)
      else streamsOf.set(sender, left)
    }
  }

  return createStreamService({
    node,
    id,
    onStream,
    reason: () => new Rejection('CUT_OFF'),
    maxInboundStreams: limits.streamsPerConnection,
  })
}

async function* asTheyCome(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
  yield* pieces
}

function reply(stream: Stream, code: HandoverReply.Code, wire: WireCount): void {
  const bytes = lengthPrefixed.encode.single(HandoverReply.encode({ code }))
  stream.send(bytes)
  wire.sent(bytes.byteLength)
}

/** Sends the last reply and closes our end. If the sender has gone, or does not read, the loss is its own. */
async function conclude(
  stream: Stream,
  code: HandoverReply.Code,
  { deadlines, wire }: Pick<ReceiverInit, 'deadlines' | 'wire'>,
  stopped: AbortSignal,
): Promise<void> {
  const deadline = createDeadline(stopped)
  deadline.within(deadlines.closeMs, new Error('The sender does not read'))
  try {
    reply(stream, code, wire)
    await stream.close({ signal: deadline.signal })
  } catch (error) {
    throwBug(error)
  } finally {
    deadline.clear()
  }
}
