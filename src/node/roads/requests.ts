import { setTimeout } from 'node:timers/promises'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { createDeadline } from '../../deadline.js'
import type { HearsayHost, Presence } from '../../gossip/index.js'
import type { Lockstep } from '../lockstep.js'

/** How long nothing must have come before what is missing is requested. */
const askMs = 5_000
/** How many peers receive a request: all have the same except what was lost in transit. */
const askedPeers = 8

/** Gossipsub does not guarantee delivery: what does not come is requested from peers that have it. */
export interface Requests {
  /** Something has come. */
  came(): void
  /** Waits, and makes requests whenever nothing has come for a while. @throws the signal's reason */
  during(wait: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>
}

/** @param ask - makes the requests */
export function createRequests(ask: (signal: AbortSignal) => Promise<void>): Requests {
  let cameAt = performance.now()

  async function askWhenQuiet(signal: AbortSignal): Promise<void> {
    cameAt = performance.now()
    for (;;) {
      const quietMs = performance.now() - cameAt
      if (quietMs >= askMs) {
        await ask(signal)
        cameAt = performance.now()
      } else await setTimeout(Math.ceil(askMs - quietMs), undefined, { signal })
    }
  }

  return {
    came() {
      cameAt = performance.now()
    },
    async during(wait, signal) {
      const waiting = createDeadline(signal)
      // If requests fail, what is lost comes no more: the wait ends with their error.
      const asking = askWhenQuiet(waiting.signal).catch(error => waiting.abort(error))
      try {
        await wait(waiting.signal)
      } finally {
        waiting.abort(new Error('The wait is over'))
        waiting.clear()
        await asking
      }
    },
  }
}

/** Peers to make requests to, connected ones first, otherwise in an order that differs every time. */
export function peersToAsk(
  {
    presence,
    node,
    lockstep,
  }: { presence: Pick<Presence, 'live'>; node: HearsayHost; lockstep?: Lockstep | undefined },
  round: number,
): PeerId[] {
  // In a simulation presence never expires a peer, and no deadline bounds the wait for an answer: whatever listens at
  // the address of a killed peer by now may give none, and no other peer would receive a request again.
  const there = presence.live().filter(peer => lockstep?.isGone(peer, round) !== true)
  const live = there.map(peer => ({ peerId: peerIdFromString(peer), order: Math.random() }))
  const isFar = (peerId: PeerId): number => (node.getConnections(peerId).length === 0 ? 1 : 0)
  live.sort((a, b) => isFar(a.peerId) - isFar(b.peerId) || a.order - b.order)
  return live.slice(0, askedPeers).map(({ peerId }) => peerId)
}
