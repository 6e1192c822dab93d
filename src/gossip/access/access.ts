import type { PeerId } from '@libp2p/interface'
import { createAllowList } from './allow-list.js'
import { InvitedAccess } from './invited-access.js'
import type { Access, AccessInit } from './policy.js'

/** Creates the access of one peer. */
export function createAccess(init: AccessInit): Access {
  const { policy } = init
  if (policy.kind === 'invites') return new InvitedAccess(policy, init)
  const relays = Array.from(init.relays ?? [])
  const isRelay = (peer: PeerId): boolean => relays.some(relay => relay.equals(peer))
  const list = policy.kind === 'open' ? undefined : createAllowList([...policy.peers, ...relays])
  const isAdmitted = (peer: PeerId): boolean => list === undefined || (list.allows(peer) && !isRelay(peer))
  return {
    gater: list?.gater ?? {},
    ownProtocols: [],
    isAdmitted,
    admits: async peer => isAdmitted(peer),
    // Members' lists may differ while one is being changed.
    admitsAuthor: author => (isAdmitted(author) ? 'yes' : 'no'),
    inviterOf: () => undefined,
    async start(node) {
      list?.attach(node)
    },
    async stop() {},
    allow(peers) {
      if (list === undefined) throw new TypeError('Only an allow-list can be changed')
      list.allow([...peers, ...relays])
    },
    get rejected() {
      return list?.denied ?? {}
    },
  }
}
