import type { Connection, Stream } from '@libp2p/interface'
import { warnOfBug } from '../bug.js'
import type { HearsayHost } from './hearsay-host.js'

/** A peer that never answers is no peer of Hearsay, as some relays. */
const tries = 10

/**
 * Identifies again the connected peers to which gossipsub has no open stream, until it is stopped; a peer that is
 * identified is announced to gossipsub anew. Two ways lead there, and each was seen to leave one of twelve waiting for
 * ever over an open connection:
 *
 * - libp2p identifies a new connection once, for five seconds. Where the answer is late, as from a machine on which a
 *   dozen processes start, gossipsub is never notified of that peer.
 * - A peer comes back, or sends requests before it joins, and its former connection closes a moment after the next has
 *   opened. gossipsub then keeps its closed stream and opens no other.
 *
 * @param lookMs - between two looks, and for the first try to come to its end: libp2p's own takes five seconds at most
 * @returns a function that stops it
 */
export function retryIdentify(host: HearsayHost, lookMs = 5_000): () => void {
  const { identify, pubsub } = host.services
  if (identify === undefined || pubsub === undefined) throw new RangeError('A host in the field publishes')
  const tried = new WeakMap<Connection, number>()
  const { streamsOutbound } = pubsub as unknown as {
    readonly streamsOutbound: Map<string, { readonly rawStream: Pick<Stream, 'status'> }>
  }
  const hasStream = (peer: string): boolean => {
    const { rawStream } = streamsOutbound.get(peer) ?? {}
    if (rawStream !== undefined && rawStream.status !== 'open') streamsOutbound.delete(peer)
    return streamsOutbound.has(peer)
  }
  const look = (): void => {
    const longAgo = Date.now() - lookMs
    for (const connection of host.getConnections()) {
      const { status, limits, timeline, remotePeer } = connection
      const soFar = tried.get(connection) ?? 0
      const isSettled = status !== 'open' || limits !== undefined || hasStream(remotePeer.toString())
      if (isSettled || timeline.open > longAgo || soFar === tries) continue
      tried.set(connection, soFar + 1)
      // The request to a peer that does not answer is repeated.
      identify.identify(connection).catch(warnOfBug)
    }
  }
  const timer = setInterval(look, lookMs)
  return () => clearInterval(timer)
}
