import { type CircuitRelayService, circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import type { Connection, Listener, StreamHandler, StreamHandlerOptions, Transport } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { HearsayError } from '../../errors.js'
import { orNothing, warnOfBug } from '../bug.js'
import { replaced } from './admission.js'

/** What is needed to hold a slot at a relay: what the transport itself needs. */
type RelayComponents = Parameters<ReturnType<typeof circuitRelayTransport>>[0]

/** Streams of the relay protocols on one connection: one for each peer that comes through it. */
const relayStreams = 32

/** Time before a lost slot is requested again, in milliseconds; each further wait is twice as long. */
const retryMs = { first: 2_000, longest: 60_000 } as const

/**
 * Checks the address of a relay.
 *
 * @throws {@link HearsayError} NETWORK
 */
export function parseRelay(text: string): Multiaddr {
  const address = orNothing(() => multiaddr(text))
  const names = address?.getComponents().map(({ name }) => name) ?? []
  if (address !== undefined && names.at(-1) === 'p2p' && names.length > 1 && !names.includes('p2p-circuit'))
    return address
  throw new HearsayError(
    'NETWORK',
    `${text} is no relay's address; write it like /ip4/203.0.113.7/tcp/4001/p2p/12D3Koo…`,
    { field: 'relay' },
  )
}

/**
 * Dials through relays, and is dialled through these. No other peer can announce a dial: in 4.2.13 a peer that does
 * makes this host listen through it, once more each time.
 */
export function relayTransport(relays: readonly Multiaddr[]): (components: RelayComponents) => Transport {
  const ours = new Set(relays.map(peerOf))
  const create = circuitRelayTransport({ maxInboundStopStreams: relayStreams, maxOutboundStopStreams: relayStreams })
  return components => {
    const { registrar } = components
    return create(
      replaced(components, {
        registrar: replaced(registrar, {
          handle: (protocol: string, handler: StreamHandler, options?: StreamHandlerOptions) =>
            registrar.handle(
              protocol,
              (stream, connection) =>
                ours.has(connection.remotePeer.toString())
                  ? handler(stream, connection)
                  : stream.abort(new Error('This peer is none of our relays')),
              options,
            ),
        }),
      }),
    )
  }
}

/** What is needed to give slots, and to learn that a slot's holder is gone. */
type GivingComponents = Parameters<ReturnType<typeof circuitRelayServer>>[0] & Pick<RelayComponents, 'events'>

/**
 * Lends slots to peers that cannot be dialled. A slot is free again when its holder's last connection is closed: libp2p
 * keeps it for two hours, in which as many fresh identities as there are slots could take them all by one request each.
 */
export function relayServer(slots: number): (components: GivingComponents) => CircuitRelayService {
  const create = circuitRelayServer({
    maxInboundHopStreams: relayStreams,
    maxOutboundHopStreams: relayStreams,
    maxOutboundStopStreams: relayStreams,
    reservations: { maxReservations: slots, applyDefaultLimit: false },
  })
  return components => {
    const server = create(components)
    components.events.addEventListener('peer:disconnect', ({ detail: peer }) => {
      // Else its timer would later remove the slot that the peer has got since.
      server.reservations.get(peer)?.signal.clear()
      server.reservations.delete(peer)
    })
    return server
  }
}

/**
 * Keeps a slot at each of these relays. libp2p requests one only when it starts to listen, and fails to start when a
 * relay does not answer: a peer must be able to start before its relay does, and be reachable again after the relay was
 * away.
 */
export function relaySlots(relays: readonly Multiaddr[]): (components: RelayComponents) => object {
  return components => {
    const { connectionManager, events, transportManager } = components
    const timers = new Map<Multiaddr, NodeJS.Timeout>()
    const listeners = new Map<Multiaddr, Listener>()
    let isRunning = false

    const hasSlot = (relay: Multiaddr): boolean =>
      transportManager.getAddrs().some(address => address.toString().includes(`/p2p/${peerOf(relay)}/p2p-circuit`))

    function askIn(relay: Multiaddr, ms: number, nextMs: number): void {
      clearTimeout(timers.get(relay))
      if (isRunning)
        timers.set(
          relay,
          setTimeout(() => void ask(relay, nextMs), ms),
        )
    }

    async function ask(relay: Multiaddr, nextMs: number): Promise<void> {
      if (!isRunning || hasSlot(relay)) return
      try {
        await connectionManager.openConnection(relay)
        await listenAt(relay)
      } catch (error) {
        // The relay cannot be reached, or has no slot left: the request is repeated.
        warnOfBug(error)
      }
      if (!hasSlot(relay)) askIn(relay, nextMs, Math.min(2 * nextMs, retryMs.longest))
    }

    /** The same listener each time: libp2p keeps those that failed, and what they listen to, for ever. */
    async function listenAt(relay: Multiaddr): Promise<void> {
      const address = relay.encapsulate('/p2p-circuit')
      const known = listeners.get(relay)
      if (known !== undefined) return known.listen(address)
      const before = new Set(transportManager.getListeners())
      const listening = transportManager.listen([address])
      const added = transportManager.getListeners().find(listener => !before.has(listener))
      if (added !== undefined) listeners.set(relay, added)
      await listening
    }

    const onClose = ({ detail: connection }: CustomEvent<Connection>): void => {
      const relay = relays.find(candidate => peerOf(candidate) === connection.remotePeer.toString())
      if (relay !== undefined) askIn(relay, retryMs.first, 2 * retryMs.first)
    }

    return {
      start() {},
      afterStart() {
        isRunning = true
        events.addEventListener('connection:close', onClose)
        for (const relay of relays) askIn(relay, 0, retryMs.first)
      },
      beforeStop() {
        isRunning = false
        events.removeEventListener('connection:close', onClose)
        for (const timer of timers.values()) clearTimeout(timer)
        timers.clear()
        listeners.clear()
      },
      stop() {},
    }
  }
}

function peerOf(address: Multiaddr): string {
  return address.getComponents().at(-1)!.value!
}
