import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import { equals } from 'uint8arrays/equals'
import { createDeadline } from '../../deadline.js'
import { orNothing, throwBug } from '../bug.js'
import { digestOf } from '../digest.js'
import { StateHeader, StateRequest } from '../generated/state.js'
import { originOf } from '../host/origin.js'
import type { LogPlace } from '../log/place.js'
import type { PeerIdStr } from '../peer-id.js'
import { authorOf } from '../pubsub/signed-message.js'
import { Rejection } from '../rejection.js'
import type { StreamDeadlines } from '../stream/deadlines.js'
import { chunksOf, frame, unframe, wholeFrames } from '../stream/frames.js'
import { createStreamService } from '../stream/service.js'
import { finish, receive, transmit } from '../stream/stream.js'
import { relabelled } from '../traffic/metered.js'
import { purposeOfRequest, stateProtocol } from './protocol.js'

/** An answer to a newcomer, as it travels. */
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
  /** The live peers, for a peer whose request comes from this {@link originOf origin}; the application's own bytes. */
  readonly view: (asker: PeerIdStr, from: string) => Uint8Array
  /** What was added up before the first round; nothing before it is. */
  readonly agreed?: () => Uint8Array | undefined
  /** A part of the log of scalars, behind what the peer has of it. @default there is none */
  readonly log?: (behind?: LogPlace) => Uint8Array | undefined
  /** Published heads. @default there are none */
  readonly heads?: HeadAnswers
  /** Whether a peer may have it. @default every peer */
  readonly admits?: (peer: PeerIdStr) => boolean
  /** @default stateProtocol.deadlines */
  readonly deadlines?: StreamDeadlines
}

/** Answers to requests for published heads. */
export interface HeadAnswers {
  /** Which heads are here, as an ExpertList; nothing where none is. */
  experts(): Uint8Array | undefined
  /** An author's message as it signed it. @param author - its Ed25519 public key */
  expert(author: Uint8Array): Promise<Uint8Array | undefined>
  /** The payload with this digest. */
  payload(digest: Uint8Array): StatePayload | undefined
}

/** Answers the requests of newcomers. */
export interface StateService {
  /** Starts answering. Idempotent. */
  start(): Promise<void>
  /** Ends open streams and stops answering. Idempotent. */
  stop(): Promise<void>
  /** Bytes sent so far. */
  readonly sentBytes: number
}

const { limits } = stateProtocol

/** Creates the answering side of a peer in one run. */
export function createState(init: StateInit): (components: { node: Libp2p }) => StateService {
  const { deadlines = stateProtocol.deadlines } = init
  const manifest = { bytes: init.manifest, digest: Uint8Array.from(init.runId), round: 0 }

  return ({ node }) => {
    const asking = new Set<PeerIdStr>()
    let sentBytes = 0

    async function answerTo(
      { remotePeer, remoteAddr }: Connection,
      request: StateRequest,
    ): Promise<StatePayload | StateHeader.Code> {
      const peer = remotePeer.toString()
      if (!(init.admits?.(peer) ?? true)) return StateHeader.Code.NOT_ADMITTED
      const names = request.runId.length > 0
      if (names && !equals(request.runId, init.runId)) return StateHeader.Code.WRONG_RUN
      if (request.what === StateRequest.What.MANIFEST) return manifest
      if (!names) return StateHeader.Code.MALFORMED
      const { digest, author } = request
      switch (request.what) {
        case StateRequest.What.VIEW:
          return payloadOf(init.view(peer, originOf(remoteAddr)))
        case StateRequest.What.AGREED:
          return payloadOf(init.agreed?.())
        case StateRequest.What.LOG:
          return request.author.length === 0 ? payloadOf(init.log?.()) : partBehind(request)
        case StateRequest.What.HEAD:
          return init.head() ?? StateHeader.Code.NOTHING_YET
        case StateRequest.What.EXPERTS:
          return payloadOf(init.heads?.experts())
        case StateRequest.What.EXPERT:
          if (author.length !== 32) return StateHeader.Code.MALFORMED
          return payloadOf(await init.heads?.expert(author))
        case StateRequest.What.PAYLOAD:
          if (digest.length !== 32) return StateHeader.Code.MALFORMED
          return init.heads?.payload(digest) ?? StateHeader.Code.NOTHING_YET
        default:
          return StateHeader.Code.MALFORMED
      }
    }

    function partBehind({ author: rawKey, round }: StateRequest): ReturnType<typeof payloadOf> | StateHeader.Code {
      const author = authorOf(rawKey)?.toString()
      return author === undefined ? StateHeader.Code.MALFORMED : payloadOf(init.log?.({ author, round }))
    }

    async function onStream(stream: Stream, connection: Connection, stopped: AbortSignal): Promise<void> {
      const peer = connection.remotePeer.toString()
      const deadline = createDeadline(stopped)
      const isBusy = asking.has(peer) || asking.size >= limits.askingPeers
      if (!isBusy) asking.add(peer)
      try {
        deadline.within(deadlines.firstByteMs, new Rejection('TIMEOUT'))
        const request = await pipe(receive(stream, deadline.signal), unframe(limits), wholeFrames, firstRequest)
        relabelled(stream, purposeOfRequest[request.what])
        deadline.within(deadlines.transferMs, new Rejection('TIMEOUT'))
        const answer = isBusy ? StateHeader.Code.TOO_BUSY : await answerTo(connection, request)
        await pipe(
          framesOf(answer),
          frame,
          transmit(stream, deadline.signal, bytes => {
            sentBytes += bytes
          }),
        )
        await finish(stream, deadlines.closeMs, deadline.signal)
      } catch (error) {
        // A peer that goes away, or whose request is malformed, gets no answer.
        throwBug(error)
      } finally {
        if (!isBusy) asking.delete(peer)
        deadline.clear()
        stream.abort(new Error('The state stream is over'))
      }
    }

    const { start, stop } = createStreamService({
      node,
      id: stateProtocol.id,
      onStream,
      reason: () => new Rejection('CUT_OFF'),
      maxInboundStreams: limits.streamsPerConnection,
    })
    return {
      start,
      stop,
      get sentBytes() {
        return sentBytes
      },
    }
  }
}

async function payloadOf(bytes: Uint8Array | undefined): Promise<StatePayload | StateHeader.Code> {
  if (bytes === undefined) return StateHeader.Code.NOTHING_YET
  return { bytes, digest: await digestOf(bytes), round: 0 }
}

async function firstRequest(frames: AsyncIterable<Uint8Array>): Promise<StateRequest> {
  for await (const bytes of frames) {
    const request = orNothing(() => StateRequest.decode(bytes))
    if (request === undefined) throw new Rejection('MALFORMED')
    return request
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
  yield* chunksOf(bytes)
}
