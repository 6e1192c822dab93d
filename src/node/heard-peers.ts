import type { Presence } from '../gossip/index.js'
import type { Repute } from '../merge/index.js'
import type { HeardPeer } from './assembled-peer.js'

/** The other peers of a run, by their last records and by what this one makes of them. */
export function heardPeers(presence: Presence, reputes?: ReadonlyMap<string, Repute>): HeardPeer[] {
  const live = new Set(presence.live())
  return [...presence.heard()].map(([peer, { name, leaving, round, samples, loss, accuracy }]) => ({
    ...{ peer, name, round, samples, loss, accuracy },
    standing: leaving ? 'left' : live.has(peer) ? 'live' : 'silent',
    silentMs: presence.silentMs(peer) ?? 0,
    repute: reputes?.get(peer),
  }))
}
