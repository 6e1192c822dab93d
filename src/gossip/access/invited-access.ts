import { setTimeout } from 'node:timers/promises'
import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface'
import * as lengthPrefixed from 'it-length-prefixed'
import { pipe } from 'it-pipe'
import { createDeadline } from '../../deadline.js'
import { AccessReply, AccessRequest } from '../generated/access.js'
import type { PeerIdStr } from '../peer-id.js'
import { ReasonCounts } from '../reason-counts.js'
import { reasonOf } from '../rejection.js'
import { unframe, wholeFrames } from '../stream/frames.js'
import { createServing, type Serving } from '../stream/service.js'
import { finish, receive } from '../stream/stream.js'
import { hangUp } from './allow-list.js'
import { createAuthors } from './authors.js'
import { type InviteRejection, verifyInvite } from './invite.js'
import type { Access, AccessInit, AccessPolicy } from './policy.js'
import { type AccessRejection, accessProtocol } from './protocol.js'

/** A connected peer that has not shown anything yet. */
interface Newcomer {
  readonly timer: NodeJS.Timeout
  readonly settle: (admitted: boolean) => void
  readonly settled: Promise<boolean>
}

/** Access for the founders and whoever shows an invitation that comes from one of them. */
export function byInvitation(policy: Extract<AccessPolicy, { kind: 'invites' }>, init: AccessInit): Access {
  const { id, limits, closeMs } = accessProtocol
  const { deadlineMs, now } = { deadlineMs: accessProtocol.deadlineMs, now: Date.now, ...init }
  const { runId, token } = policy
  const relays = new Set(Array.from(init.relays ?? [], relay => relay.toString()))
  const founders = Array.from(policy.founders)
  const founderIds = new Set(founders.map(founder => founder.toString()))
  const rejected = new ReasonCounts<AccessRejection>()
  const admitsAuthor = createAuthors({ runId, founders, now })
  /** Those who showed an invitation and are still connected: as many as there are connections, and no more. */
  const guests = new Set<PeerIdStr>()
  const newcomers = new Map<PeerIdStr, Newcomer>()
  let running: { readonly node: Libp2p; readonly serving: Serving } | undefined

  const isAdmitted = (peer: PeerId): boolean => founderIds.has(peer.toString()) || guests.has(peer.toString())

  function settle(peer: PeerIdStr, admitted: boolean): void {
    const newcomer = newcomers.get(peer)
    if (newcomer === undefined) return
    newcomers.delete(peer)
    clearTimeout(newcomer.timer)
    newcomer.settle(admitted)
  }

  /** Counts why, and ends the wait of what the peer has opened; its connections are closed by `hangUpOn`. */
  function turnAway(peer: PeerId, reason: AccessRejection): void {
    rejected.add(reason)
    settle(peer.toString(), false)
  }

  function hangUpOn(peer: PeerId): void {
    for (const connection of running?.node.getConnections(peer) ?? []) hangUp(connection)
  }

  const onOpen = ({ detail: connection }: CustomEvent<Connection>): void => {
    const peer = connection.remotePeer
    if (relays.has(peer.toString())) return
    if (token !== undefined && running !== undefined) {
      const { serving } = running
      void serving.track(present(connection, token, serving.signal))
    }
    if (isAdmitted(peer) || newcomers.has(peer.toString())) return
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = globalThis.setTimeout(() => {
      turnAway(peer, 'TIMEOUT')
      hangUpOn(peer)
    }, deadlineMs)
    newcomers.set(peer.toString(), { timer, settle: resolve, settled: promise })
  }

  // Whoever comes back shows its invitation again: what we remember is bounded by who is there.
  const onDisconnect = ({ detail: peer }: CustomEvent<PeerId>): void => {
    guests.delete(peer.toString())
    settle(peer.toString(), false)
  }

  async function onStream(stream: Stream, { remotePeer }: Connection, stopping: AbortSignal): Promise<void> {
    const deadline = createDeadline(stopping)
    deadline.within(deadlineMs, new Error('The invitation did not come in time'))
    try {
      const verdict = await judge(await firstFrame(stream, limits.requestBytes, deadline.signal), remotePeer)
      if (running === undefined || running.node.getConnections(remotePeer).length === 0) return
      if (verdict === 'ADMITTED') {
        guests.add(remotePeer.toString())
        settle(remotePeer.toString(), true)
      } else if (!isAdmitted(remotePeer)) {
        turnAway(remotePeer, verdict)
      }
      await answer(stream, verdict, stopping)
      if (isAdmitted(remotePeer)) return
      // Hung up on at once, its system throws away what it has not read yet, and with it our reason.
      await setTimeout(closeMs, undefined, { signal: stopping })
      if (!isAdmitted(remotePeer)) hangUpOn(remotePeer)
    } catch {
      // Nothing whole came, or not in time: its deadline closes the connection.
    } finally {
      deadline.clear()
      stream.abort(new Error('The answer was given'))
    }
  }

  /** Whether the answer still gets there is the newcomer's loss. */
  async function answer(stream: Stream, verdict: 'ADMITTED' | InviteRejection, stopping: AbortSignal): Promise<void> {
    const closing = createDeadline(stopping)
    closing.within(closeMs, new Error('the newcomer does not read'))
    try {
      stream.send(lengthPrefixed.encode.single(AccessReply.encode({ code: AccessReply.Code[verdict] })))
      await stream.close({ signal: closing.signal })
      await finish(stream, closeMs, stopping)
    } catch {
      // It went away, or does not read.
    } finally {
      closing.clear()
    }
  }

  async function judge(request: Uint8Array | undefined, peer: PeerId): Promise<'ADMITTED' | InviteRejection> {
    if (request === undefined) return 'MALFORMED'
    let shown: Uint8Array
    try {
      shown = AccessRequest.decode(request).token
    } catch {
      return 'MALFORMED'
    }
    const verified = await verifyInvite(shown, { runId, founders, now: now(), presentedBy: peer })
    return verified.ok ? 'ADMITTED' : verified.reason
  }

  /** Shows our token. Whoever does not speak the protocol does not want to see it. */
  async function present(connection: Connection, shown: string, stopping: AbortSignal): Promise<void> {
    const deadline = createDeadline(stopping)
    deadline.within(deadlineMs, new Error('No answer to the invitation'))
    let stream: Stream | undefined
    try {
      stream = await connection.newStream(id, { signal: deadline.signal, runOnLimitedConnection: true })
      const bytes = Uint8Array.from(Buffer.from(shown, 'base64url'))
      stream.send(lengthPrefixed.encode.single(AccessRequest.encode({ token: bytes })))
      await stream.close({ signal: deadline.signal })
      const reply = await firstFrame(stream, limits.replyBytes, deadline.signal)
      const code = reply === undefined ? undefined : AccessReply.decode(reply).code
      const { ADMITTED, UNKNOWN } = AccessReply.Code
      if (code !== undefined && code !== ADMITTED && code !== UNKNOWN) {
        init.onRefused?.(connection.remotePeer.toString(), code)
      }
    } catch {
      // No answer is an answer: the other side closes the connection when it wants to.
    } finally {
      deadline.clear()
      stream?.abort(new Error('The invitation was shown'))
    }
  }

  return {
    gater: {
      // A relay's slots are for those who take part.
      denyInboundRelayReservation: peer => !isAdmitted(peer),
      denyOutboundRelayedConnection: source => !isAdmitted(source),
    },
    ownProtocols: [id],
    isAdmitted,
    admitsAuthor,
    admits: async peer => isAdmitted(peer) || ((await newcomers.get(peer.toString())?.settled) ?? false),
    async start(node) {
      if (running !== undefined) return
      const serving = createServing({
        node,
        id,
        onStream,
        reason: () => new Error('The host stops'),
        maxInboundStreams: limits.streamsPerConnection,
        runOnLimitedConnection: true,
      })
      running = { node, serving }
      node.addEventListener('connection:open', onOpen)
      node.addEventListener('peer:disconnect', onDisconnect)
      await serving.start()
    },
    async stop() {
      if (running === undefined) return
      const { node, serving } = running
      running = undefined
      node.removeEventListener('connection:open', onOpen)
      node.removeEventListener('peer:disconnect', onDisconnect)
      for (const peer of [...newcomers.keys()]) settle(peer, false)
      guests.clear()
      await serving.stop()
    },
    allow() {
      throw new TypeError('Only an allow-list can be changed')
    },
    get rejected() {
      return rejected.toRecord()
    },
  }
}

/**
 * The first frame of a stream; `undefined` when there can be none within the limit. A stream that ends before it says
 * nothing about who opened it: of two connections between the same peers one is often closed at once.
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
