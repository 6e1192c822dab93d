import { autoNAT } from '@libp2p/autonat'
import { dcutr } from '@libp2p/dcutr'
import { uPnPNAT } from '@libp2p/upnp-nat'
import type { Libp2pOptions } from 'libp2p'
import { replaced } from './admission.js'
import { type LanInit, lan } from './lan.js'
import { type Reach, reach } from './reachability.js'
import { parseRelay, relayServer, relaySlots, relayTransport } from './relay.js'
import { webSocketTransport } from './web-socket.js'

/** What a host does on real networks. What is off is not created. */
export interface FieldInit {
  /**
   * Dials WebSocket addresses, and listens on those in `listen`, like "/ip4/0.0.0.0/tcp/4002/ws": through proxies, and
   * where only web traffic is let through.
   * @default true
   */
  readonly webSocket?: boolean
  /**
   * Finds peers of the run on the LAN by mDNS.
   * @default none: nothing is sent to the LAN
   */
  readonly lan?: LanInit
  /**
   * Relays at which this peer keeps a slot, so that others reach it through them. Multiaddrs with a peer id.
   * @default none; peers behind relays are dialled all the same
   */
  readonly relays?: readonly string[]
  /**
   * Is a relay for others, for as many as this. What they send each other goes through here, without a limit on its
   * size: heads would not fit one. Only admitted peers get a slot, so with an open network all of them do.
   * Slots are refused while this host knows that it is not reachable itself.
   * @default 0: no relay
   */
  readonly relaySlots?: number
  /**
   * Turns connections through a relay into direct ones where one side can be dialled (DCUtR).
   * @default true
   */
  readonly holePunching?: boolean
  /**
   * Requests dials back from others, to find out whether this host is reachable, and does so for others (AutoNAT).
   * @default true
   */
  readonly autoNat?: boolean
  /**
   * Requests an open port from the router (UPnP). That changes a device that others use too, so it is off unless
   * requested.
   * @default false
   */
  readonly upnp?: boolean
  /**
   * Addresses under which others reach this host besides those of its interfaces, such as a router's with a port that
   * is passed on. Multiaddrs without a peer id.
   * @default none
   */
  readonly announce?: readonly string[]
}

const fieldDefaults = {
  webSocket: true,
  relays: [],
  relaySlots: 0,
  holePunching: true,
  autoNat: true,
  upnp: false,
  announce: [],
} as const satisfies FieldInit

/** Services of the field, besides those of every host. */
export type FieldServices = {
  readonly reach?: Reach
}

/** The parts of a libp2p host's options that the field adds. */
export interface FieldParts {
  readonly transports: NonNullable<Libp2pOptions['transports']>
  readonly services: NonNullable<Libp2pOptions['services']>
  readonly announce: string[]
  /** Are all requests for a relay's slot denied now? */
  readonly deniesSlots: () => boolean
}

/** @throws {@link HearsayError} NETWORK for an address of a relay that is none */
export function fieldParts(init: FieldInit): FieldParts {
  const options = { ...fieldDefaults, ...init }
  const relays = options.relays.map(parseRelay)
  let known: Reach | undefined
  const services: FieldParts['services'] = {
    reach: components => {
      known = reach()(components)
      return known
    },
  }
  if (options.lan !== undefined) services.lan = lan(options.lan)
  if (relays.length > 0) services.relaySlots = relaySlots(relays)
  if (options.holePunching) services.dcutr = dcutr()
  if (options.upnp) services.upnp = uPnPNAT({ autoConfirmAddress: !options.autoNat })
  if (options.autoNat) services.autoNat = autoNatFor(() => known)
  if (options.relaySlots > 0) {
    services.relay = relayServer(options.relaySlots)
  }
  return {
    transports: [...(options.webSocket ? [webSocketTransport()] : []), relayTransport(relays)],
    services,
    announce: [...options.announce],
    deniesSlots: () => known?.reachability() === 'private',
  }
}

/** AutoNAT, with two of its parts replaced and its verdicts listened to. */
function autoNatFor(known: () => Reach | undefined): FieldParts['services'][string] {
  return components => {
    const { addressManager, connectionManager } = components
    return autoNAT()(
      replaced(components, {
        // In 3.0.28 a peer that receives a request to dial back takes the connection that it already has for the one it
        // should make, finds that it has the wrong address, reports that the dial failed, and closes it.
        connectionManager: replaced(connectionManager, {
          openConnection: (...[peer, init]: Parameters<typeof connectionManager.openConnection>) =>
            connectionManager.openConnection(peer, { ...init, force: true }),
        }),
        addressManager: replaced(addressManager, {
          confirmObservedAddr: (...args: Parameters<typeof addressManager.confirmObservedAddr>) => {
            known()?.verdict(args[0], true)
            addressManager.confirmObservedAddr(...args)
          },
          removeObservedAddr: (...args: Parameters<typeof addressManager.removeObservedAddr>) => {
            known()?.verdict(args[0], false)
            addressManager.removeObservedAddr(...args)
          },
        }),
        // It would look for strangers to query every minute; a run's peers are those it is connected to anyway.
        randomWalk: { async *walk() {} },
      }),
    )
  }
}
