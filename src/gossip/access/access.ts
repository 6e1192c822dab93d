import type { PeerId } from '@libp2p/interface'
import { createGate } from './allow-list.js'
import { InvitedAccess } from './invited-access.js'
import type { Access, AccessInit } from './policy.js'

/** Creates the access of one peer. */
export function createAccess(init: AccessInit): Access {
  const { policy } = init
  if (policy.kind === 'invites') return new InvitedAccess(policy, init)
  const relays = Array.from(init.relays ?? [])
  const isRelay = (peer: PeerId): boolean => relays.some(relay => relay.equals(peer))
  const gate = policy.kind === 'open' ? undefined : createGate([...policy.peers, ...relays])
  const isAdmitted = (peer: PeerId): boolean => gate === undefined || (gate.allows(peer) && !isRelay(peer))
  return {
    gater: gate?.gater ?? {},
    ownProtocols: [],
    isAdmitted,
    admits: async peer => isAdmitted(peer),
    // Members' lists may differ while one is being changed.
    admitsAuthor: author => (isAdmitted(author) ? 'yes' : 'no'),
    async start(node) {
      gate?.attach(node)
    },
    async stop() {},
    allow(peers) {
      if (gate === undefined) throw new TypeError('Only an allow-list can be changed')
      gate.allow([...peers, ...relays])
    },
    get rejected() {
      return gate?.denied ?? {}
    },
  }
}
