import { setTimeout } from 'node:timers/promises'
import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface'
import * as lengthPrefixed from 'it-length-prefixed'
import { pipe } from 'it-pipe'
import { createDeadline } from '../../deadline.js'
import { orNothing, throwBug } from '../bug.js'
import { AccessReply, AccessRequest } from '../generated/access.js'
import type { PeerIdStr } from '../peer-id.js'
import { reasonOf } from '../rejection.js'
import { unframe, wholeFrames } from '../stream/frames.js'
import { createStreamService, type StreamService } from '../stream/service.js'
import { finish, receive } from '../stream/stream.js'
import { type InviteRejection, verifyInvite } from './invite.js'
import { accessProtocol } from './protocol.js'

const { id, limits, closeMs } = accessProtocol

export interface InviteExchangeInit {
  /** 32 bytes. */
  readonly runId: Uint8Array
  readonly founders: readonly PeerId[]
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly deadlineMs: number
  readonly isAdmitted: (peer: PeerId) => boolean
  /** Called with the verdict on a peer's invitation. @returns whether the peer is still connected */
  readonly onVerdict: (peer: PeerId, verdict: 'ADMITTED' | InviteRejection) => boolean
  readonly hangUpOn: (peer: PeerId) => void
  /** See `AccessInit`. */
  readonly onRefused?: (by: PeerIdStr, reason: InviteRejection) => void
}

/** Both sides of the access protocol. */
export interface InviteExchange {
  /** Judges the invitations that newcomers show. */
  serviceOn(node: Libp2p): StreamService
  /** Shows our invitation on a new connection. A peer that does not speak the protocol needs none. */
  present(connection: Connection, token: string, stopped: AbortSignal): Promise<void>
}

/** Creates the exchange of invitations of one peer. */
export function createInviteExchange(init: InviteExchangeInit): InviteExchange {
  const { runId, founders, deadlineMs, isAdmitted } = init

  async function judge(request: Uint8Array | undefined, peer: PeerId): Promise<'ADMITTED' | InviteRejection> {
    const token = request && orNothing(() => AccessRequest.decode(request).token)
    if (token === undefined) return 'MALFORMED'
    const verified = await verifyInvite(token, { runId, founders, now: init.now(), presentedBy: peer })
    return verified.ok ? 'ADMITTED' : verified.reason
  }

  async function onStream(stream: Stream, { remotePeer }: Connection, stopped: AbortSignal): Promise<void> {
    const deadline = createDeadline(stopped)
    deadline.within(deadlineMs, new Error('The invitation did not come in time'))
    try {
      const verdict = await judge(await firstFrame(stream, limits.requestBytes, deadline.signal), remotePeer)
      if (!init.onVerdict(remotePeer, verdict)) return
      await reply(stream, verdict, stopped)
      if (isAdmitted(remotePeer)) return
      // If we hung up at once, the newcomer's system would drop what it has not read yet, and with it our reason.
      await setTimeout(closeMs, undefined, { signal: stopped })
      if (!isAdmitted(remotePeer)) init.hangUpOn(remotePeer)
    } catch (error) {
      // No whole frame came, or not in time: the connection's own deadline closes it.
      throwBug(error)
    } finally {
      deadline.clear()
      stream.abort(new Error('The reply was sent'))
    }
  }

  return {
    serviceOn: node =>
      createStreamService({
        node,
        id,
        onStream,
        reason: () => new Error('The host stops'),
        maxInboundStreams: limits.streamsPerConnection,
        runOnLimitedConnection: true,
      }),
    async present(connection, token, stopped) {
      const deadline = createDeadline(stopped)
      deadline.within(deadlineMs, new Error('No reply to the invitation'))
      let stream: Stream | undefined
      try {
        stream = await connection.newStream(id, { signal: deadline.signal, runOnLimitedConnection: true })
        const bytes = Uint8Array.from(Buffer.from(token, 'base64url'))
        stream.send(lengthPrefixed.encode.single(AccessRequest.encode({ token: bytes })))
        await stream.close({ signal: deadline.signal })
        const frame = await firstFrame(stream, limits.replyBytes, deadline.signal)
        const code = frame && orNothing(() => AccessReply.decode(frame).code)
        const { ADMITTED, UNKNOWN } = AccessReply.Code
        if (code !== undefined && code !== ADMITTED && code !== UNKNOWN) {
          init.onRefused?.(connection.remotePeer.toString(), code)
        }
      } catch (error) {
        // No reply: the other side closes the connection when it wants to.
        throwBug(error)
      } finally {
        deadline.clear()
        stream?.abort(new Error('The invitation was shown'))
      }
    },
  }
}

/** Whether the reply still arrives matters to the newcomer alone. */
async function reply(stream: Stream, verdict: 'ADMITTED' | InviteRejection, stopped: AbortSignal): Promise<void> {
  const closing = createDeadline(stopped)
  closing.within(closeMs, new Error('The newcomer does not read'))
  try {
    stream.send(lengthPrefixed.encode.single(AccessReply.encode({ code: AccessReply.Code[verdict] })))
    await stream.close({ signal: closing.signal })
    await finish(stream, closeMs, stopped)
  } catch (error) {
    throwBug(error)
  } finally {
    closing.clear()
  }
}

/**
 * The first frame of a stream; `undefined` when there can be none within the limit. A stream that ends before it shows
 * nothing about the peer that opened it: of two connections between the same peers one is often closed at once.
 *
 * @throws when the stream ends too early, or the signal's reason
 */
async function firstFrame(stream: Stream, limitBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const frames = pipe(
    receive(stream, signal),
    unframe({ firstFrameBytes: limitBytes, frameBytes: limitBytes }),
    wholeFrames,
  )
  try {
    for await (const frame of frames) return frame
  } catch (error) {
    signal.throwIfAborted()
    if (reasonOf(error) !== 'CUT_OFF') return undefined
  }
  throw new Error('The stream ended before its first frame')
}
