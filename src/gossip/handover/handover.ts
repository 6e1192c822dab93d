import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import * as lengthPrefixed from 'it-length-prefixed'
import { pipe } from 'it-pipe'
import type { Codec } from '../../codec/index.js'
import { createDeadline } from '../../deadline.js'
import type { Layout } from '../../tensors/index.js'
import { HandoverReply, type HeadHeader } from '../generated/handover.js'
import { type Buffers, createBuffers } from '../head/buffers.js'
import { headFormat } from '../head/format.js'
import { decodeHead, encodeHead, gatherHead } from '../head/payload.js'
import type { PeerIdStr } from '../peer-id.js'
import { ReasonCounts } from '../reason-counts.js'
import { isFinal, Rejection, type RejectionReason, reasonOf } from '../rejection.js'
import type { StreamDeadlines } from '../stream/deadlines.js'
import { unframe } from '../stream/frames.js'
import { createServing } from '../stream/service.js'
import { finish, receive } from '../stream/stream.js'
import { checkHeader } from './header.js'
import { type Claim, createInbox } from './inbox.js'
import { createLatestInbox, type DatedHead } from './latest-inbox.js'
import { handoverProtocol } from './protocol.js'
import { type SendResult, sendHead, type WireCount } from './sender.js'

/** A head that was refused. Round and step are there once the header was read. */
export interface RejectedHead {
  readonly sender: PeerIdStr
  readonly reason: RejectionReason
  readonly round: number | undefined
  readonly step: number | undefined
}

export interface HandoverInit {
  /** 32 bytes. */
  readonly runId: Uint8Array
  /** Layout of the head. */
  readonly layout: Layout
  /** How the numbers travel; another peer's must be the same. @default f32 */
  readonly codec?: Codec
  /**
   * Keep of each sender only the newest head, for {@link Handover.latest}; nothing is then ever taken.
   * @default false
   */
  readonly latestOnly?: boolean
  /** Largest Euclidean norm of a head that is taken. */
  readonly normLimit: number
  /** @default its own; peers of one process may share them */
  readonly buffers?: Buffers
  /** @default handoverProtocol.deadlines */
  readonly deadlines?: Partial<StreamDeadlines>
  /**
   * Asked before a byte of payload is read or a place for it kept; returns the reason to refuse, or `undefined`. Pure
   * and fast. It bounds the memory of the inbox: one head for every (sender, round, step) that it admits.
   */
  readonly admit: (sender: PeerIdStr, round: number, step: number) => RejectionReason | undefined
  /** Told of every head that is refused, after it is counted. Must not throw. */
  readonly onRejected?: (rejected: RejectedHead) => void
}

/** What crossed the handover's streams so far. Bytes include framing and answers, not what libp2p adds. */
export interface HandoverCounters {
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly accepted: number
  /** By {@link RejectionReason}; a reason that never occurred is absent. */
  readonly rejected: Readonly<Record<string, number>>
}

/** Hands heads to neighbours and takes theirs. */
export interface Handover {
  /** Begins to answer. Twice is once. */
  start(): Promise<void>
  /** Resets what is under way and answers no more. Twice is once. A waiting `take` goes on until its signal ends. */
  stop(): Promise<void>
  /**
   * The payload of one exchange, shared by all edges: a snapshot, so that `values` may be overwritten as soon as it is
   * made. Made in slices of the network thread's turns.
   */
  encode(values: Float32Array): Promise<Uint8Array>
  /**
   * Hands `payload` to one neighbour. Whatever the neighbour or the network does wrong is a result.
   * @throws the signal's reason
   */
  send(
    to: PeerId | Multiaddr[],
    round: number,
    step: number,
    payload: Uint8Array,
    signal: AbortSignal,
  ): Promise<SendResult>
  /**
   * The numbers of a payload that came another way, checked as one that was handed over.
   *
   * @throws {@link Rejection} with the reason when it is no head of this run
   */
  decode(payload: Uint8Array): Promise<Float32Array>
  /** Longest payload of this run's heads. */
  readonly payloadBytes: number
  /**
   * Resolves with the head of (sender, round, step) as soon as it is here. Each head can be taken once.
   *
   * @throws {@link Rejection} when what came of it was refused for what it holds; the signal's reason
   */
  take(sender: PeerIdStr, round: number, step: number, signal: AbortSignal): Promise<Float32Array>
  /** The newest head of a sender, with `latestOnly`. It stays until a newer one comes. */
  latest(sender: PeerIdStr): DatedHead | undefined
  /** With `latestOnly`: lets go of the heads of everybody else. */
  keepOnly(senders: ReadonlySet<PeerIdStr>): void
  /**
   * Takes back the memory of a head that was taken and merged, or of a payload that everybody accepted (libp2p may still
   * hold views on one that did not get across). Optional: what is not given back is left to the garbage collector.
   */
  release(used: Uint8Array | Float32Array): void
  /** Drops heads of earlier positions; later arrivals of those are STALE_ROUND. */
  advance(round: number, step: number): void
  /** A snapshot. */
  readonly counters: HandoverCounters
}

/** Creates the handover of one run's heads over direct streams. */
export function createHandover(init: HandoverInit): (components: { node: Libp2p }) => Handover {
  if (init.runId.length !== 32) throw new RangeError(`A run id has 32 bytes, not ${init.runId.length}`)
  const runId = Uint8Array.from(init.runId)
  const { limits } = handoverProtocol
  const deadlines: StreamDeadlines = { ...handoverProtocol.deadlines, ...init.deadlines }
  const format = headFormat(init.layout, init.codec)
  const buffers = init.buffers ?? createBuffers()

  return ({ node }) => {
    const latestInbox = init.latestOnly === true ? createLatestInbox() : undefined
    const inbox = latestInbox ?? createInbox()
    const rejected = new ReasonCounts<RejectionReason>()
    const streamsOf = new Map<PeerIdStr, number>()
    let sentBytes = 0
    let receivedBytes = 0
    let accepted = 0
    const wire: WireCount = {
      sent(bytes) {
        sentBytes += bytes
      },
      received(bytes) {
        receivedBytes += bytes
      },
    }

    // ALGORITHMS.md 3.8: expected sender and round, then size and shape. libp2p has proved who the sender is.
    function claimFor(sender: PeerIdStr, header: HeadHeader): Claim {
      const { round, step } = header
      if (Buffer.compare(header.runId, runId) !== 0) throw new Rejection('WRONG_RUN')
      const refusal = init.admit(sender, round, step)
      if (refusal !== undefined) throw new Rejection(refusal)
      inbox.checkPosition(round, step)
      if (Buffer.compare(header.layoutDigest, format.layoutDigest) !== 0) throw new Rejection('WRONG_LAYOUT')
      if (header.payloadBytes !== format.payloadBytes) throw new Rejection('WRONG_SIZE')
      return inbox.claim(sender, round, step)
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
        const values = await pipe(
          receive(stream, deadline.signal, wire.received),
          unframe({ firstFrameBytes: limits.headerBytes, frameBytes: limits.frameBytes }),
          checkHeader(header => {
            position = header
            claim = claimFor(sender, header)
            reply(stream, HandoverReply.Code.CONTINUE)
            deadline.within(deadlines.transferMs, new Rejection('TIMEOUT'))
          }),
          gatherHead(format, init.normLimit, buffers, () => claim?.proceed()),
        )
        claim?.deliver(values)
        accepted += 1
        await conclude(stream, HandoverReply.Code.ACCEPTED, stopped)
        await finish(stream, deadlines.closeMs, stopped)
      } catch (error) {
        if (stopped.aborted) return
        const reason = reasonOf(error)
        rejected.add(reason)
        init.onRejected?.({ sender, reason, round: position?.round, step: position?.step })
        if (isFinal(reason)) claim?.refuse(new Rejection(reason))
        await conclude(stream, codeOf(reason), stopped)
      } finally {
        claim?.release()
        deadline.clear()
        stream.abort(new Error('The handover is over'))
        const left = streamsOf.get(sender)! - 1
        if (left === 0) streamsOf.delete(sender)
        else streamsOf.set(sender, left)
      }
    }

    function reply(stream: Stream, code: HandoverReply.Code): void {
      const bytes = lengthPrefixed.encode.single(HandoverReply.encode({ code }))
      stream.send(bytes)
      wire.sent(bytes.byteLength)
    }

    /** The last word, and our end closed. Whether it still gets there is the sender's loss. */
    async function conclude(stream: Stream, code: HandoverReply.Code, stopped: AbortSignal): Promise<void> {
      const deadline = createDeadline(stopped)
      deadline.within(deadlines.closeMs, new Error('The sender does not read'))
      try {
        reply(stream, code)
        await stream.close({ signal: deadline.signal })
      } catch {
        // The sender has gone, or does not read.
      } finally {
        deadline.clear()
      }
    }

    const serving = createServing({
      node,
      id: handoverProtocol.id,
      onStream,
      reason: () => new Rejection('CUT_OFF'),
      maxInboundStreams: limits.streamsPerConnection,
    })
    return {
      start: serving.start,
      stop: serving.stop,
      encode: values => encodeHead(format, values, buffers),
      async send(to, round, step, payload, signal) {
        const { layoutDigest } = format
        const header = { runId, round, step, layoutDigest, payloadBytes: payload.length }
        return serving.track(sendHead(node, to, header, payload, deadlines, wire, signal, serving.signal))
      },
      decode: payload => decodeHead(format, init.normLimit, buffers, payload),
      payloadBytes: format.payloadBytes,
      take: (sender, round, step, signal) => inbox.take(sender, round, step, signal),
      release({ buffer }) {
        // A payload, or a head that arrived.
        const sizes = [format.payloadBytes, format.arrivedBytes]
        if (buffer instanceof ArrayBuffer && sizes.includes(buffer.byteLength)) buffers.give(new Uint8Array(buffer))
      },
      latest: sender => latestInbox?.latest(sender),
      keepOnly: senders => latestInbox?.keepOnly(senders),
      advance: (round, step) => inbox.advance(round, step),
      get counters() {
        return { sentBytes, receivedBytes, accepted, rejected: rejected.toRecord() }
      },
    }
  }
}

/** The one word that goes back to the sender. */
function codeOf(reason: RejectionReason): HandoverReply.Code {
  return HandoverReply.Code[reason]
}
