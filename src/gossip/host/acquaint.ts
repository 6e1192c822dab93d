import type { Connection } from '@libp2p/interface'
import type { HearsayHost } from './host.js'

/** Time for the first try to come to its end, and between two looks, in milliseconds. */
const lookMs = 5_000
/** A peer that never answers is none of ours, as some relays. */
const tries = 10

/**
 * Identifies again those to whom gossipsub has no stream though they are connected, until it is ended. libp2p asks a new
 * connection once who is there, for five seconds; where the answer is late, as from a machine on which a dozen processes
 * start, gossipsub never hears of that peer, and a newcomer whose only contact it is hears nobody. Seen: one of twelve
 * waited for ever over an open connection.
 *
 * @returns what ends it
 */
export function keepAcquainted(host: HearsayHost): () => void {
  const { identify, pubsub } = host.services
  const tried = new WeakMap<Connection, number>()
  const { streamsOutbound } = pubsub as unknown as { readonly streamsOutbound: ReadonlyMap<string, unknown> }
  const look = (): void => {
    const longAgo = Date.now() - lookMs
    for (const connection of host.getConnections()) {
      const { status, limits, timeline, remotePeer } = connection
      const soFar = tried.get(connection) ?? 0
      const isSettled = status !== 'open' || limits !== undefined || streamsOutbound.has(remotePeer.toString())
      if (isSettled || timeline.open > longAgo || soFar === tries) continue
      tried.set(connection, soFar + 1)
      // Whoever does not answer is asked again.
      identify.identify(connection).catch(() => {})
    }
  }
  const timer = setInterval(look, lookMs)
  return () => clearInterval(timer)
}
