import type { Libp2p, PeerId } from '@libp2p/interface'
import { raceSignal } from 'race-signal'

/** Resolves when there is a connection to each peer, whichever side dialled. @throws the signal's reason */
export function whenConnected(node: Libp2p, peers: readonly PeerId[], signal: AbortSignal): Promise<void> {
  return when(node, 'peer:connect', () => peers.every(peer => isConnected(node, peer)), signal)
}

/** Resolves when there is no connection to the peer. @throws the signal's reason */
export function whenDisconnected(node: Libp2p, peer: PeerId, signal: AbortSignal): Promise<void> {
  return when(node, 'peer:disconnect', () => !isConnected(node, peer), signal)
}

function isConnected(node: Libp2p, peer: PeerId): boolean {
  return node.getConnections(peer).length > 0
}

/** Resolves when `is` holds, which is evaluated now and at every such event. */
async function when(
  node: Libp2p,
  event: 'peer:connect' | 'peer:disconnect',
  is: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  const cleanup = new AbortController()
  try {
    const holds = new Promise<void>(resolve => {
      const look = (): void => {
        if (is()) resolve()
      }
      node.addEventListener(event, look, { signal: cleanup.signal })
      // After the listener is registered, so that no event is missed in between.
      look()
    })
    await raceSignal(holds, signal)
  } finally {
    cleanup.abort()
  }
}
