import type { ConnectionGater, Libp2p, PeerId, StreamHandler, StreamHandlerOptions, Topology } from '@libp2p/interface'

/** Which peers may speak. A host checks it before it serves one. */
export interface Admission {
  /** Which peers may connect at all. */
  readonly gater: ConnectionGater
  /** Protocols by which a peer shows that it may speak; every peer reaches them. */
  readonly ownProtocols: readonly string[]
  /** May the peer speak now? */
  isAdmitted(peer: PeerId): boolean
  /** The same, but waits for a peer that still has time to show it. */
  admits(peer: PeerId): Promise<boolean>
  /** Called by the host, before it starts to listen. Idempotent. */
  start(node: Libp2p): Promise<void>
  /** Called by the host, before it stops. Idempotent. */
  stop(): Promise<void>
}

/** What gossipsub and others use of a registrar. */
interface HandlerRegistry {
  handle(protocol: string, handler: StreamHandler, options?: StreamHandlerOptions): Promise<void>
  register(protocol: string, topology: Topology, options?: object): Promise<string>
}

/**
 * Streams of one peer that wait for its admission. Gossipsub opens one right away and an honest newcomer hardly more;
 * each may hold yamux's first window, 256 KiB.
 */
const waitingPerPeer = 4

/**
 * Serves a stream only once its sender is admitted. Not libp2p's middleware: in 3.3.11 every inbound stream of a
 * protocol that has one adds its handler to the protocol's list, so that the second stream is handled twice.
 */
export function admitting(admission: Admission, handler: StreamHandler): StreamHandler {
  const waiting = new Map<string, number>()
  return async (stream, connection) => {
    const peer = connection.remotePeer
    if (admission.isAdmitted(peer)) return handler(stream, connection)
    const key = peer.toString()
    const before = waiting.get(key) ?? 0
    const refuse = (): void => stream.abort(new Error('This peer was not admitted'))
    if (before >= waitingPerPeer) return refuse()
    waiting.set(key, before + 1)
    // What it may send meanwhile is bounded by the window, which is not opened again.
    stream.pause()
    const admitted = await admission.admits(peer)
    const left = waiting.get(key)! - 1
    if (left === 0) waiting.delete(key)
    else waiting.set(key, left)
    if (!admitted) return refuse()
    if (stream.readStatus === 'paused') stream.resume()
    if (stream.status === 'open') return handler(stream, connection)
  }
}

/** A registrar through which a service serves, and sees, admitted peers only. */
export function admittingRegistrar<Registrar extends object>(admission: Admission, registrar: Registrar): Registrar {
  const registry = registrar as unknown as HandlerRegistry
  return replaced(registrar, {
    handle: (protocol, handler, options) => registry.handle(protocol, admitting(admission, handler), options),
    register: (protocol, topology, options) =>
      registry.register(
        protocol,
        {
          ...topology,
          // Not awaited: libp2p notifies one protocol after the other, and one of them is how a peer gets admitted.
          onConnect: (peer, connection) => {
            void admission.admits(peer).then(admitted => {
              if (admitted && connection.status === 'open') void topology.onConnect?.(peer, connection)
            })
          },
        },
        options,
      ),
  } satisfies HandlerRegistry)
}

/** The same object with some of its methods or parts replaced; what has private fields keeps them. */
export function replaced<T extends object>(original: T, parts: object): T {
  return new Proxy(original, {
    get(target, name) {
      if (name in parts) return Reflect.get(parts, name)
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
