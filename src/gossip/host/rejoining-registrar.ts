import type { GossipSubComponents } from '@chainsafe/libp2p-gossipsub'
import type { Connection, Topology } from '@libp2p/interface'
import { replaced } from './admission.js'

/**
 * A registrar that announces a peer to gossipsub again when one of two connections to it closes. @libp2p/gossipsub 17
 * keeps one stream to each peer, on the connection that was first; when that closes while another stays, as after every
 * punched hole and where two peers dial each other at once, it goes on without a stream and the two receive no more
 * messages from each other. Measured: of two connections the first closed, no message in either direction from then on.
 */
export function rejoiningRegistrar(components: GossipSubComponents): GossipSubComponents['registrar'] {
  // gossipsub's components have no event target; those of a host do.
  const { events } = components as GossipSubComponents & { readonly events: EventTarget }
  const { connectionManager, registrar } = components
  const topologies = new Map<string, Topology>()

  const onClose = (event: Event): void => {
    const { remotePeer } = (event as CustomEvent<Connection>).detail
    // Once the streams of the connection know that it has closed.
    setImmediate(() => {
      const other = connectionManager
        .getConnections(remotePeer)
        .find(({ status, limits }) => status === 'open' && limits === undefined)
      if (other === undefined) return
      for (const topology of topologies.values()) void topology.onConnect?.(remotePeer, other)
    })
  }

  return replaced(registrar, {
    async register(protocol: string, topology: Topology) {
      if (topologies.size === 0) events.addEventListener('connection:close', onClose)
      const id = await registrar.register(protocol, topology)
      topologies.set(id, topology)
      return id
    },
    unregister(id: string) {
      topologies.delete(id)
      if (topologies.size === 0) events.removeEventListener('connection:close', onClose)
      registrar.unregister(id)
    },
  })
}
