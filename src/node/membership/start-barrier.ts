import { setMaxListeners } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import type { Libp2p, PeerId } from '@libp2p/interface'
import { createDeadline } from '../../deadline.js'
import type { PeerIdStr, Presence } from '../../gossip/index.js'
import type { Topology } from '../../topology/index.js'
import type { Happening } from '../events.js'
import { whenConnected } from './connections.js'
import type { Member } from './member.js'

/** Pause before a neighbour that could not be reached is dialled again. */
const redialMs = 500

export interface StartBarrierInit {
  readonly self: number
  readonly members: readonly Member[]
  readonly topology: Topology
  /** How long to wait for peers that have not come yet. */
  readonly joinMs: number
  /** Whether to wait for all members and not only the neighbours, which alone are dialled. */
  readonly everybody: boolean
  /** Whether a peer is known to be gone for good, and is not waited for. @default none is */
  readonly isGone?: (peer: PeerIdStr) => boolean
  /** Receives the records that are waited for. Left out, a connection suffices: all peers begin together. */
  readonly presence?: Presence
}

/** Waits for the neighbours, so that the first round does not begin without those that are just starting. */
export async function* meetNeighbours(
  { self, members, topology, joinMs, everybody, isGone = () => false, presence }: StartBarrierInit,
  node: Libp2p,
  signal: AbortSignal,
): AsyncGenerator<Happening, void, undefined> {
  const isThereStill = (number: number): boolean => !isGone(members[number]!.peerId.toString())
  const neighbours = [...new Set([...topology.union.sendsTo(self), ...topology.union.receivesFrom(self)])]
    .filter(isThereStill)
    .sort((a, b) => a - b)
  const ids = neighbours.map(number => members[number]!.peerId)
  const until = createDeadline(signal)
  until.within(joinMs, new Error('The neighbours did not come in time'))
  const deadline = until.signal
  try {
    // Every dial adds a listener, as many as there are neighbours.
    setMaxListeners(0, deadline)
    // A published head that is lost is requested from any peer: neighbours may die, so all addresses must be known.
    const reached = everybody
      ? [...members.keys()].filter(number => number !== self && isThereStill(number))
      : neighbours
    await Promise.all(
      reached.map(number => {
        const { peerId, addresses } = members[number]!
        return node.peerStore.merge(peerId, { multiaddrs: [...addresses] })
      }),
    )
    await Promise.all(
      neighbours.map(async number => {
        const { peerId } = members[number]!
        // Of two peers that would dial each other only one does: a second connection would only be closed again.
        if (number > self) await dialUntilThere(node, peerId, deadline).catch(() => signal.throwIfAborted())
      }),
    )
    if (presence === undefined) await whenConnected(node, ids, deadline).catch(() => signal.throwIfAborted())
    else
      await presence
        .waitFor(
          (everybody ? members.filter((_, number) => isThereStill(number)).map(({ peerId }) => peerId) : ids).map(
            String,
          ),
          deadline,
        )
        .catch(() => signal.throwIfAborted())
  } finally {
    until.clear()
  }
  const isThere = (peerId: PeerId): boolean =>
    presence?.heard().has(peerId.toString()) ?? node.getConnections(peerId).length > 0
  const missing = ids.filter(id => !isThere(id)).map(String)
  yield { type: 'joined', heard: ids.length - missing.length, missing }
}

/**
 * Dials until it succeeds: a neighbour may start after us, and where many peers of one machine connect at once some
 * handshakes miss libp2p's deadlines (120 edges of 16 peers on two busy cores did).
 *
 * @throws the signal's reason
 */
async function dialUntilThere(node: Libp2p, peerId: PeerId, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await node.dial(peerId, { signal })
      return
    } catch {
      await setTimeout(redialMs, undefined, { signal })
    }
  }
}
