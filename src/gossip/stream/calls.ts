import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { createDeadline } from '../../deadline.js'
import { ReasonCounts } from '../../reason-counts.js'
import { throwBug } from '../bug.js'
import type { PeerIdStr } from '../peer-id.js'
import { Rejection, type RejectionReason, reasonOf } from '../rejection.js'
import type { StreamDeadlines } from './deadlines.js'
import { frame, unframe, wholeFrames } from './frames.js'
import { createStreamService } from './service.js'
import { finish, receive, transmit } from './stream.js'

export interface CallsInit {
  readonly node: Libp2p
  /** The protocol's id. */
  readonly id: string
  readonly limits: { readonly frameBytes: number; readonly streamsPerConnection: number }
  readonly deadlines: StreamDeadlines
  /** Answers a call. @throws {@link Rejection} for one that gets no answer */
  readonly answer: (from: PeerIdStr, call: Uint8Array) => Uint8Array
}

/** Calls of one frame each, and answers of one: a protocol of small questions. */
export interface Calls {
  /** Idempotent. */
  start(): Promise<void>
  /** Idempotent. */
  stop(): Promise<void>
  /** Aborted while it is not started. */
  readonly signal: AbortSignal
  /** @returns undefined where no answer comes that `read` can read. @throws the signal's reason, and no other */
  call<T>(to: PeerId, call: Uint8Array, read: (answer: Uint8Array) => T, signal: AbortSignal): Promise<T | undefined>
  /** Counts a call that was answered by a refusal. */
  reject(reason: RejectionReason): void
  readonly counters: {
    readonly sentBytes: number
    readonly receivedBytes: number
    readonly rejected: Readonly<Record<string, number>>
  }
}

export function createCalls({ node, id, limits, deadlines, answer }: CallsInit): Calls {
  const rejected = new ReasonCounts<RejectionReason>()
  const counts = { sentBytes: 0, receivedBytes: 0 }
  const sent = (bytes: number): void => {
    counts.sentBytes += bytes
  }
  const received = (bytes: number): void => {
    counts.receivedBytes += bytes
  }

  async function onlyFrame(stream: Stream, signal: AbortSignal): Promise<Uint8Array> {
    const { frameBytes } = limits
    const pieces = unframe({ firstFrameBytes: frameBytes, frameBytes })
    for await (const bytes of pipe(receive(stream, signal, received), pieces, wholeFrames)) return bytes
    throw new Rejection('CUT_OFF')
  }

  async function onStream(stream: Stream, { remotePeer }: Connection, stopped: AbortSignal): Promise<void> {
    const deadline = createDeadline(stopped)
    try {
      deadline.within(deadlines.firstByteMs, new Rejection('TIMEOUT'))
      const call = await onlyFrame(stream, deadline.signal)
      deadline.within(deadlines.transferMs, new Rejection('TIMEOUT'))
      await pipe([answer(remotePeer.toString(), call)], frame, transmit(stream, deadline.signal, sent))
      await finish(stream, deadlines.closeMs, deadline.signal)
    } catch (error) {
      throwBug(error)
      if (!stopped.aborted) rejected.add(reasonOf(error))
    } finally {
      deadline.clear()
      stream.abort(new Error('The call is over'))
    }
  }

  const service = createStreamService({
    node,
    id,
    onStream,
    reason: () => new Rejection('CUT_OFF'),
    maxInboundStreams: limits.streamsPerConnection,
  })
  return {
    start: service.start,
    stop: service.stop,
    get signal() {
      return service.signal
    },
    async call(to, call, read, signal) {
      signal.throwIfAborted()
      const deadline = createDeadline(signal, service.signal)
      let stream: Stream | undefined
      try {
        deadline.within(deadlines.dialMs, new Rejection('TIMEOUT'))
        stream = await node.dialProtocol(to, id, { signal: deadline.signal })
        deadline.within(deadlines.transferMs, new Rejection('TIMEOUT'))
        await pipe([call], frame, transmit(stream, deadline.signal, sent))
        const bytes = await onlyFrame(stream, deadline.signal)
        await finish(stream, deadlines.closeMs, deadline.signal)
        return read(bytes)
      } catch (error) {
        signal.throwIfAborted()
        throwBug(error)
        return undefined
      } finally {
        deadline.clear()
        stream?.abort(new Error('The call is over'))
      }
    },
    reject: reason => rejected.add(reason),
    get counters() {
      return { ...counts, rejected: rejected.toRecord() }
    },
  }
}
