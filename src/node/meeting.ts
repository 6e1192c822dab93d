import { setMaxListeners } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Presence } from '../gossip/index.js'
import { type Topology, unionGraph } from '../topology/index.js'
import type { PeerEvent } from './events.js'
import type { Member } from './member.js'

/** Pause before a neighbour who is not there yet is dialled again. */
const redialMs = 500

export interface MeetingInit {
  readonly self: number
  readonly members: readonly Member[]
  readonly topology: Topology
  /** How long to wait for those who are not there yet. */
  readonly joinMs: number
}

/** Waits for the neighbours' presence, so that the first round does not begin without those who are just starting. */
export async function* meet(
  { self, members, topology, joinMs }: MeetingInit,
  node: Libp2p,
  presence: Presence,
  signal: AbortSignal,
): AsyncGenerator<PeerEvent, void, undefined> {
  const graph = unionGraph(topology)
  const neighbours = [...new Set([...graph.sendsTo(self), ...graph.receivesFrom(self)])].sort((a, b) => a - b)
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(joinMs)])
  // Every dial listens to it, as many as there are neighbours.
  setMaxListeners(0, deadline)
  await Promise.all(
    neighbours.map(async number => {
      const { peerId, addresses } = members[number]!
      await node.peerStore.merge(peerId, { multiaddrs: [...addresses] })
      // Of two who would dial each other only one does: a second connection would only be closed again.
      if (number > self) await dialUntilThere(node, peerId, deadline).catch(() => signal.throwIfAborted())
    }),
  )
  await presence
    .waitFor(
      neighbours.map(number => members[number]!.peerId.toString()),
      deadline,
    )
    .catch(() => signal.throwIfAborted())
  const heard = presence.heard()
  const missing = neighbours.filter(number => !heard.has(members[number]!.peerId.toString()))
  yield { type: 'joined', peer: self, heard: neighbours.length - missing.length, missing }
}

/**
 * Dials again and again: a neighbour may start after us, and where many peers of one machine connect at once some
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
