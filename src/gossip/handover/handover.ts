import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Codec } from '../../codec/index.js'
import { ReasonCounts } from '../../reason-counts.js'
import type { Layout } from '../../tensors/index.js'
import { type Buffers, createBuffers } from '../head/buffers.js'
import { headFormat } from '../head/format.js'
import { decodeHead, encodeHead } from '../head/payload.js'
import { slim } from '../head/slim.js'
import type { PeerIdStr } from '../peer-id.js'
import type { RejectionReason } from '../rejection.js'
import type { StreamDeadlines } from '../stream/deadlines.js'
import { chunksOf } from '../stream/frames.js'
import type { CopyLink } from './header.js'
import { createInbox, type DatedHead } from './inbox.js'
import { createLatestInbox } from './latest-inbox.js'
import { handoverProtocol } from './protocol.js'
import { createReceiver, type RejectedHead } from './receiver.js'
import { type SendResult, sendHead, type WireCount } from './sender.js'

export interface HandoverInit {
  /** 32 bytes. */
  readonly runId: Uint8Array
  /** Layout of the head. */
  readonly layout: Layout
  /** How the numbers travel; another peer's must be the same. @default f32 */
  readonly codec?: Codec
  /** Whether what is sent is compressed to the same bits, as float32 allows; the others must do the same. @default false */
  readonly isSlim?: boolean | undefined
  /**
   * Keep of each sender only the newest head, for {@link Handover.latest}; nothing is then ever taken.
   * @default false
   */
  readonly latestOnly?: boolean
  /** May a peer say that it has nothing new, in place of a head? Where none may, it is refused as MALFORMED. @default false */
  readonly mayBeStill?: boolean
  /** Largest Euclidean norm of a head that is taken. */
  readonly normLimit: number
  /** @default its own; peers of one process may share them */
  readonly buffers?: Buffers
  /** @default handoverProtocol.deadlines */
  readonly deadlines?: Partial<StreamDeadlines>
  /**
   * Called before a byte of payload is read or a place for it kept; returns the reason to refuse, or `undefined`. Pure
   * and fast. It bounds the memory of the inbox: one head for every (sender, round, step) that it admits.
   */
  readonly admit: (sender: PeerIdStr, round: number, step: number) => RejectionReason | undefined
  /** Called for every head that is refused, after it is counted. Must not throw. */
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
  /** Starts answering. Idempotent. */
  start(): Promise<void>
  /** Resets open streams and stops answering. Idempotent. A waiting `take` goes on until its signal ends. */
  stop(): Promise<void>
  /**
   * The payload of one exchange, shared by all edges: a snapshot, so that `values` may be overwritten as soon as it is
   * made. Made in slices of the network thread's turns.
   */
  encode(values: Float32Array): Promise<Uint8Array>
  /**
   * Hands `payload` to one neighbour. Whatever the neighbour or the network does wrong is a result.
   *
   * @param payload - undefined: says that there is nothing new, in place of a head
   * @param link - with memory
   * @throws the signal's reason
   */
  send(
    to: PeerId | Multiaddr[],
    round: number,
    step: number,
    payload: Uint8Array | undefined,
    signal: AbortSignal,
    link?: CopyLink,
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
  /** The same; resolves with nothing where the sender says that it has nothing new. */
  takeNew(sender: PeerIdStr, round: number, step: number, signal: AbortSignal): Promise<Float32Array | undefined>
  /** The heads of a sender that came too late to be taken, of positions that `advance` has not dropped, in order. */
  earlier(sender: PeerIdStr, round: number, step: number): DatedHead[]
  /** The link with which a head came that was taken. */
  linkOf(head: Float32Array): CopyLink | undefined
  /** The newest head of a sender, with `latestOnly`. It stays until a newer one comes. */
  latest(sender: PeerIdStr): DatedHead | undefined
  /** With `latestOnly`: drops the heads of all other senders. */
  keepOnly(senders: ReadonlySet<PeerIdStr>): void
  /**
   * Takes back the memory of a head that was taken and merged, or of a payload that every neighbour accepted (libp2p
   * may still hold views on one that did not get across). Optional: what is not given back is left to the garbage
   * collector.
   */
  release(used: Uint8Array | Float32Array): void
  /** Drops heads of earlier positions; later arrivals of those are STALE_ROUND. */
  advance(round: number, step: number): void
  /** A snapshot. */
  readonly counters: HandoverCounters
}

const nothing = new Uint8Array()

/** Creates the handover of one run's heads over direct streams. */
export function createHandover(init: HandoverInit): (components: { node: Libp2p }) => Handover {
  if (init.runId.length !== 32) throw new RangeError(`A run id has 32 bytes, not ${init.runId.length}`)
  const { normLimit, admit, isSlim = false, mayBeStill = false } = init
  const runId = Uint8Array.from(init.runId)
  const deadlines: StreamDeadlines = { ...handoverProtocol.deadlines, ...init.deadlines }
  const format = headFormat(init.layout, init.codec)
  const buffers = init.buffers ?? createBuffers()

  return ({ node }) => {
    const latestInbox = init.latestOnly === true ? createLatestInbox() : undefined
    const inbox = latestInbox ?? createInbox()
    const rejected = new ReasonCounts<RejectionReason>()
    const links = new WeakMap<Float32Array, CopyLink>()
    const counts = { sentBytes: 0, receivedBytes: 0, accepted: 0 }
    const wire: WireCount = {
      sent(bytes) {
        counts.sentBytes += bytes
      },
      received(bytes) {
        counts.receivedBytes += bytes
      },
    }
    const receiver = createReceiver(node, {
      runId,
      format,
      isSlim,
      mayBeStill,
      normLimit,
      buffers,
      inbox,
      deadlines,
      wire,
      links,
      admit,
      onAccepted() {
        counts.accepted += 1
      },
      onRejected(head) {
        rejected.add(head.reason)
        init.onRejected?.(head)
      },
    })
    return {
      start: receiver.start,
      stop: receiver.stop,
      encode: values => encodeHead(format, values, buffers),
      async send(to, round, step, payload, signal, link) {
        const { layoutDigest } = format
        const whole = chunksOf(payload ?? nothing)
        const chunks = isSlim ? slim(whole) : whole
        const what =
          payload === undefined ? { payloadBytes: 0, still: true } : { payloadBytes: payload.length, ...link }
        const header = { runId, round, step, layoutDigest, ...what }
        return receiver.track(sendHead(node, to, header, chunks, deadlines, wire, signal, receiver.signal))
      },
      decode: payload => decodeHead(format, normLimit, buffers, payload),
      payloadBytes: format.payloadBytes,
      take: (sender, round, step, signal) => inbox.take(sender, round, step, signal),
      takeNew: (sender, round, step, signal) => inbox.takeNew(sender, round, step, signal),
      earlier: (sender, round, step) => inbox.earlier(sender, round, step),
      linkOf: head => links.get(head),
      release: used => buffers.give(used),
      latest: sender => latestInbox?.latest(sender),
      keepOnly: senders => latestInbox?.keepOnly(senders),
      advance: (round, step) => inbox.advance(round, step),
      get counters() {
        return { ...counts, rejected: rejected.toRecord() }
      },
    }
  }
}
