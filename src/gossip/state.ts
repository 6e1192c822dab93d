import { createHash } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { pipe } from 'it-pipe'
import { inSlices } from '../turns.js'
import { createDeadline } from './deadline.js'
import { frame, unframe, wholeFrames } from './frame.js'
import { type PeerIdStr, stateProtocol } from './protocol.js'
import { Rejection } from './rejection.js'
import { StateHeader, StateRequest } from './state-messages.js'
import { finish, receive, transmit } from './stream.js'

/** Something that newcomers need, as it goes over the wire. */
export interface StatePayload {
  readonly bytes: Uint8Array
  /** SHA-256 of the bytes. */
  readonly digest: Uint8Array
  /** Of a head: the round in which it was sent. */
  readonly round: number
}

export interface StateInit {
  /** 32 bytes. */
  readonly runId: Uint8Array
  /** The canonical manifest, whose SHA-256 the run id is. */
  readonly manifest: Uint8Array
  /** The head of the latest round; nothing before the first. */
  readonly head: () => StatePayload | undefined
  /** Who is there, for one who asks; the application's own bytes. */
  readonly view: (asker: PeerIdStr) => Uint8Array
  /** Whether a peer may have it. @default everybody */
  readonly admits?: (peer: PeerIdStr) => boolean
}

/** Answers newcomers. */
export interface StateService {
  /** Begins to answer. Twice is once. */
  start(): Promise<void>
  /** Ends what is under way and answers no more. Twice is once. */
  stop(): Promise<void>
  /** Bytes sent so far. */
  readonly sentBytes: number
}

/** Why a peer did not give what was asked of it. */
export class StateRefused extends Error {
  override readonly name = 'StateRefused'

  constructor(readonly code: keyof typeof StateHeader.Code | 'BROKEN') {
    super(code)
  }
}

const { limits, deadlines } = stateProtocol

/** SHA-256 in slices: a large head's takes a tenth of a second. */
export async function digestOf(bytes: Uint8Array): Promise<Uint8Array> {
  const hash = createHash('sha256')
  await inSlices(bytes.length, 1, (from, to) => hash.update(bytes.subarray(from, to)))
  return Uint8Array.from(hash.digest())
}

/** Creates the answering side of a peer in one run. */
export function createState(init: StateInit): (components: { node: Libp2p }) => StateService {
  const manifest = { bytes: init.manifest, digest: Uint8Array.from(init.runId), round: 0 }

  return ({ node }) => {
    const asking = new Set<PeerIdStr>()
    const underWay = new Set<Promise<unknown>>()
    let stopping: AbortController | undefined
    let sentBytes = 0

    async function answerTo(peer: PeerIdStr, request: StateRequest): Promise<StatePayload | StateHeader.Code> {
      if (!(init.admits?.(peer) ?? true)) return StateHeader.Code.NOT_ADMITTED
      const names = request.runId.length > 0
      if (names && Buffer.compare(request.runId, init.runId) !== 0) return StateHeader.Code.WRONG_RUN
      if (request.what === StateRequest.What.MANIFEST) return manifest
      if (!names) return StateHeader.Code.MALFORMED
      if (request.what === StateRequest.What.VIEW) {
        const bytes = init.view(peer)
        return { bytes, digest: await digestOf(bytes), round: 0 }
      }
      if (request.what !== StateRequest.What.HEAD) return StateHeader.Code.MALFORMED
      return init.head() ?? StateHeader.Code.NOTHING_YET
    }

    async function onStream(stream: Stream, { remotePeer }: Connection, stopped: AbortSignal): Promise<void> {
      const peer = remotePeer.toString()
      const deadline = createDeadline(stopped)
      const isBusy = asking.has(peer) || asking.size >= limits.askingPeers
      if (!isBusy) asking.add(peer)
      try {
        deadline.within(deadlines.firstByteMs, new Rejection('TIMEOUT'))
        const request = await pipe(receive(stream, deadline.signal), unframe(limits), wholeFrames, firstRequest)
        deadline.within(deadlines.transferMs, new Rejection('TIMEOUT'))
        const answer = isBusy ? StateHeader.Code.TOO_BUSY : await answerTo(peer, request)
        await pipe(
          framesOf(answer),
          frame,
          transmit(stream, deadline.signal, bytes => {
            sentBytes += bytes
          }),
        )
        await finish(stream, stateProtocol.closeMs)
      } catch {
        // Whoever asks and goes, or asks nonsense, has no answer.
      } finally {
        if (!isBusy) asking.delete(peer)
        deadline.clear()
        stream.abort(new Error('The state stream is over'))
      }
    }

    return {
      async start() {
        if (stopping !== undefined) return
        stopping = new AbortController()
        setMaxListeners(0, stopping.signal)
        const { signal } = stopping
        await node.handle(
          stateProtocol.id,
          (stream, connection) => {
            const work = onStream(stream, connection, signal)
            underWay.add(work)
            void work.finally(() => underWay.delete(work))
          },
          { maxInboundStreams: limits.streamsPerConnection },
        )
      },
      async stop() {
        if (stopping === undefined) return
        stopping.abort(new Rejection('CUT_OFF'))
        stopping = undefined
        await node.unhandle(stateProtocol.id)
        await Promise.allSettled(underWay)
      },
      get sentBytes() {
        return sentBytes
      },
    }
  }
}

async function firstRequest(frames: AsyncIterable<Uint8Array>): Promise<StateRequest> {
  for await (const bytes of frames) {
    try {
      return StateRequest.decode(bytes)
    } catch {
      throw new Rejection('MALFORMED')
    }
  }
  throw new Rejection('CUT_OFF')
}

async function* framesOf(answer: StatePayload | StateHeader.Code): AsyncGenerator<Uint8Array> {
  if (typeof answer === 'string') {
    yield StateHeader.encode({ code: answer, payloadBytes: 0, digest: new Uint8Array(0), round: 0 })
    return
  }
  const { bytes, digest, round } = answer
  const code = StateHeader.Code.HERE
  yield StateHeader.encode({ code, payloadBytes: bytes.length, digest: Uint8Array.from(digest), round })
  for (let at = 0; at < bytes.length; at += limits.frameBytes) yield bytes.subarray(at, at + limits.frameBytes)
}

/** What to ask for, and how much of it at most. */
export interface StateQuestion {
  readonly what: 'MANIFEST' | 'VIEW' | 'HEAD'
  /** Left out, the manifest of whatever run the peer is in. */
  readonly runId?: Uint8Array
  /** Longest payload that is read. */
  readonly limitBytes: number
}

/**
 * Asks a peer. The payload has the digest that the answer names; whether that is the right one is for the caller to
 * know: a manifest's is the run id, a head's is in its owner's signed presence.
 *
 * @throws {@link StateRefused} with the peer's reason, or BROKEN when the answer does not hold together; the signal's
 *   reason; libp2p's error when the peer cannot be reached
 */
export async function askState(
  node: Libp2p,
  to: PeerId | Multiaddr | Multiaddr[],
  { what, runId, limitBytes }: StateQuestion,
  signal: AbortSignal,
): Promise<StatePayload> {
  signal.throwIfAborted()
  const deadline = createDeadline(signal)
  let stream: Stream | undefined
  try {
    deadline.within(deadlines.dialMs, new Error('it cannot be reached'))
    stream = await node.dialProtocol(to, stateProtocol.id, { signal: deadline.signal })
    deadline.within(deadlines.transferMs, new StateRefused('BROKEN'))
    const request = StateRequest.encode({
      what: StateRequest.What[what],
      runId: Uint8Array.from(runId ?? []),
    })
    await pipe([request], frame, transmit(stream, deadline.signal))
    const payload = await pipe(receive(stream, deadline.signal), unframe(limits), gather(limitBytes))
    await finish(stream, stateProtocol.closeMs)
    if (Buffer.compare(await digestOf(payload.bytes), payload.digest) !== 0) throw new StateRefused('BROKEN')
    return payload
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof Rejection ? new StateRefused('BROKEN') : error
  } finally {
    deadline.clear()
    stream?.abort(new Error('The state stream is over'))
  }
}

function gather(limitBytes: number): (source: ReturnType<ReturnType<typeof unframe>>) => Promise<StatePayload> {
  return async source => {
    const head: Uint8Array[] = []
    let header: StateHeader | undefined
    let bytes = new Uint8Array(0)
    let filled = 0
    for await (const piece of source) {
      if (piece.frame === 0) {
        head.push(piece.bytes)
        if (!piece.last) continue
        header = readHeader(Buffer.concat(head), limitBytes)
        bytes = new Uint8Array(header.payloadBytes)
      } else {
        if (filled + piece.bytes.length > bytes.length) throw new StateRefused('BROKEN')
        bytes.set(piece.bytes, filled)
        filled += piece.bytes.length
      }
      if (header !== undefined && filled === header.payloadBytes && piece.last) {
        return { bytes, digest: header.digest, round: header.round }
      }
    }
    throw new StateRefused('BROKEN')
  }
}

function readHeader(bytes: Uint8Array, limitBytes: number): StateHeader {
  let header: StateHeader
  try {
    header = StateHeader.decode(bytes)
  } catch {
    throw new StateRefused('BROKEN')
  }
  if (header.code !== StateHeader.Code.HERE) throw new StateRefused(header.code)
  if (header.payloadBytes < 1 || header.payloadBytes > limitBytes || header.digest.length !== 32) {
    throw new StateRefused('BROKEN')
  }
  return header
}
