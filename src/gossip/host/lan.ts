import { createHash } from 'node:crypto'
import type { PeerId, PeerStore } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import { isPrivate } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'

export interface LanInit {
  /** 32 bytes. Only peers of the same run find each other. */
  readonly runId: Uint8Array
  /**
   * Called for each peer that is found for the first time, and again when its addresses change. No peer is dialled:
   * that is for the caller, which knows how many neighbours there should be. The addresses are also in the peer store.
   * Must not throw.
   */
  readonly onFound?: (peer: PeerId, addresses: readonly Multiaddr[]) => void
  /**
   * How often the LAN is queried, in milliseconds.
   * @default 10000
   */
  readonly intervalMs?: number
  /**
   * UDP port of the queries.
   * @default 5353, mDNS's own
   */
  readonly port?: number
}

/** Bounds on what machines on the LAN can make us remember; any of them can answer in any name. */
const lanLimits = { peers: 256, addressesPerPeer: 16 } as const

/** What mDNS needs, and where found peers go. */
type LanComponents = Parameters<ReturnType<typeof mdns>>[0] & { readonly peerStore: PeerStore }

/**
 * The name under which the peers of a run find each other. Derived from a hash: a machine that listens on the LAN sees
 * that there is a run, and not the id by which its manifest is known.
 */
function lanServiceTag(runId: Uint8Array): string {
  const name = createHash('sha256').update('hearsay lan').update(runId).digest('hex').slice(0, 16)
  return `_hearsay-${name}._udp.local`
}

/**
 * Finds the run's peers on the LAN. A service and not one of libp2p's peer discoveries: those put everything that they
 * receive into the peer store, without bounds.
 */
export function lan(init: LanInit): (components: LanComponents) => object {
  return components => {
    const found = new Map<string, string>()
    const discovery = mdns({
      serviceTag: lanServiceTag(init.runId),
      interval: init.intervalMs ?? 10_000,
      ...(init.port === undefined ? {} : { port: init.port }),
    })(components)
    discovery.addEventListener('peer', ({ detail: { id, multiaddrs } }) => {
      const key = id.toString()
      if (!found.has(key) && found.size >= lanLimits.peers) return
      // An answer that points out of the LAN is no answer of a neighbour.
      const addresses = multiaddrs.filter(isPrivate).slice(0, lanLimits.addressesPerPeer)
      const text = addresses.join()
      if (addresses.length === 0 || found.get(key) === text) return
      found.set(key, text)
      // A failure to remember is repaired by the next answer.
      components.peerStore.merge(id, { multiaddrs: addresses }).catch(() => found.delete(key))
      init.onFound?.(id, addresses)
    })
    return discovery
  }
}
