import type { AutoNATComponents } from '@libp2p/autonat'
import type { Connection, IdentifyResult, Libp2p } from '@libp2p/interface'
import { isLoopback, isPrivate } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'

/** Can strangers on the internet dial this host? */
export type Reachability = 'public' | 'private' | 'unknown'

/** What a host has found out about itself. */
export interface Reach {
  reachability(): Reachability
  /** All addresses that could be dialled, best first, each with our peer id. */
  addresses(): Multiaddr[]
  /** AutoNAT's verdict on one of our addresses. */
  verdict(address: Multiaddr, isReachable: boolean): void
}

/** How many of AutoNAT's verdicts are remembered; a host has a handful of addresses. */
const verdictLimit = 32

type ReachComponents = Pick<AutoNATComponents, 'addressManager' | 'events' | 'connectionManager' | 'peerId'>

/**
 * Finds out whether a host can be reached, from what happens anyway:
 *
 * - public: a host with a public address has dialled us, or AutoNAT's dial back came through;
 * - private: others see us at a public address that is none of our own (a router stands between) and no peer has come
 *   through, or AutoNAT's dial backs failed;
 * - unknown: neither, as on a LAN of its own.
 *
 * AutoNAT alone would not do: it wants eight refusals from eight different /8 networks before it decides.
 */
export function reach(): (components: ReachComponents) => Reach {
  return ({ addressManager, connectionManager, events, peerId }) => {
    const verdicts = new Map<string, boolean>()
    let wasCalled = false
    let isBehindRouter = false

    const onOpen = ({ detail: connection }: CustomEvent<Connection>): void => {
      if (connection.direction !== 'inbound' || !isPublic(connection.remoteAddr)) return
      // A hole that both sides punched looks like an incoming dial, and is open for these two only.
      const others = connectionManager.getConnections(connection.remotePeer)
      if (!others.some(({ remoteAddr }) => isRelayed(remoteAddr))) wasCalled = true
    }
    const onIdentify = ({ detail: { observedAddr, connection } }: CustomEvent<IdentifyResult>): void => {
      if (observedAddr === undefined || !isPublic(observedAddr) || isRelayed(connection.remoteAddr)) return
      const host = hostOf(observedAddr)
      isBehindRouter ||= !ownAddresses().some(({ multiaddr }) => hostOf(multiaddr) === host)
    }
    const ownAddresses = (): ReturnType<typeof addressManager.getAddressesWithMetadata> =>
      addressManager.getAddressesWithMetadata().filter(({ type }) => type === 'transport' || type === 'announce')

    return Object.assign(
      {
        reachability: (): Reachability => {
          if (wasCalled || [...verdicts.values()].includes(true)) return 'public'
          return isBehindRouter || verdicts.size > 0 ? 'private' : 'unknown'
        },
        addresses(): Multiaddr[] {
          // Also unverified addresses of an interface: without AutoNAT none is ever verified. Not what one
          // stranger claims to have seen.
          const usable = addressManager
            .getAddressesWithMetadata()
            .filter(
              ({ type, verified, multiaddr }) => verified || (type === 'transport' && verdictOn(multiaddr) !== false),
            )
          return bestFirst(
            usable.map(({ multiaddr }) => multiaddr),
            peerId.toString(),
          )
        },
        verdict(address: Multiaddr, isReachable: boolean): void {
          if (verdicts.size < verdictLimit || verdicts.has(address.toString()))
            verdicts.set(address.toString(), isReachable)
        },
      },
      {
        start: () => {
          events.addEventListener('connection:open', onOpen)
          events.addEventListener('peer:identify', onIdentify)
        },
        stop: () => {
          events.removeEventListener('connection:open', onOpen)
          events.removeEventListener('peer:identify', onIdentify)
        },
      },
    )

    function verdictOn(address: Multiaddr): boolean | undefined {
      return verdicts.get(address.toString())
    }
  }
}

/** Is this host reachable from outside, as far as is known? Hosts without the field's services never know. */
export function reachability(host: Libp2p<{ reach?: Reach }>): Reachability {
  return host.services.reach?.reachability() ?? 'unknown'
}

/**
 * By which addresses others can dial this host, best first: public, then LAN, then through a relay; loopback only where
 * there is nothing else. Each ends in /p2p/ and the peer id.
 */
export function dialAddresses(host: Libp2p<{ reach?: Reach }>): Multiaddr[] {
  return host.services.reach?.addresses() ?? bestFirst(host.getMultiaddrs(), host.peerId.toString())
}

function bestFirst(addresses: readonly Multiaddr[], peerId: string): Multiaddr[] {
  const ranked = addresses.map(address => ({ rank: rankOf(address), text: withPeerId(address.toString(), peerId) }))
  const best = ranked.some(({ rank }) => rank < 3) ? ranked.filter(({ rank }) => rank < 3) : ranked
  // The sort is stable: among equals the order of `listen` stays.
  return [...new Set(best.sort((a, b) => a.rank - b.rank).map(({ text }) => text))].map(text => multiaddr(text))
}

function withPeerId(address: string, peerId: string): string {
  return address.endsWith(`/p2p/${peerId}`) ? address : `${address}/p2p/${peerId}`
}

/** 0 public, 1 LAN, 2 relay, 3 loopback. */
function rankOf(address: Multiaddr): number {
  if (isRelayed(address)) return 2
  if (isLoopback(address)) return 3
  return isPrivate(address) ? 1 : 0
}

function isRelayed(address: Multiaddr): boolean {
  return address.toString().includes('/p2p-circuit')
}

function isPublic(address: Multiaddr): boolean {
  return !isRelayed(address) && hostOf(address) !== undefined && !isPrivate(address)
}

function hostOf(address: Multiaddr): string | undefined {
  const [first] = address.getComponents()
  return first?.name === 'ip4' || first?.name === 'ip6' ? first.value : undefined
}
