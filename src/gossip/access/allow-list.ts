import type { Connection, ConnectionGater, Libp2p, PeerId } from '@libp2p/interface'
import { ReasonCounts } from '../../reason-counts.js'
import type { PeerIdStr } from '../peer-id.js'

/** Why a peer that is not on the list got no connection. */
export type AllowListReason =
  | 'DIAL' // we were about to dial it
  | 'INBOUND' // it dialled us and has proved its identity
  | 'OUTBOUND' // we dialled an address, and it was there
  | 'RELAYED' // it wanted a relay's slot here, or came through one
  | 'REMOVED' // it was connected when the list was changed

/** Lets only listed peers connect. */
export interface AllowList {
  readonly gater: ConnectionGater
  /** Is the peer on the list? */
  allows(peer: PeerId): boolean
  /** From now on these peers only; connections of all others are closed. */
  allow(peers: Iterable<PeerId>): void
  /** Sets the host whose connections are closed when the list changes. */
  attach(node: Libp2p): void
  /** Refused peers, by {@link AllowListReason}. A snapshot. */
  readonly denied: Readonly<Record<string, number>>
}

/**
 * Creates an allow-list. The identity of a caller is known only after the encryption handshake: it is refused right
 * after that, before the first protocol, identify included. A stranger learns that a peer listens, and our peer id.
 */
export function createAllowList(peers: Iterable<PeerId>): AllowList {
  const denied = new ReasonCounts<AllowListReason>()
  let allowed = setOf(peers)
  let node: Libp2p | undefined

  const denies =
    (reason: AllowListReason) =>
    (peer: PeerId): boolean => {
      if (allowed.has(peer.toString())) return false
      denied.add(reason)
      return true
    }
  const relayed = denies('RELAYED')

  return {
    gater: {
      denyDialPeer: denies('DIAL'),
      denyInboundEncryptedConnection: denies('INBOUND'),
      denyOutboundEncryptedConnection: denies('OUTBOUND'),
      denyInboundRelayReservation: relayed,
      denyOutboundRelayedConnection: (source, destination) => relayed(source) || relayed(destination),
      denyInboundRelayedConnection: (_relay, peer) => relayed(peer),
    },
    allows: peer => allowed.has(peer.toString()),
    allow(next) {
      allowed = setOf(next)
      for (const connection of node?.getConnections() ?? []) {
        if (allowed.has(connection.remotePeer.toString())) continue
        denied.add('REMOVED')
        hangUp(connection)
      }
    },
    attach(host) {
      node = host
    },
    get denied() {
      return denied.toRecord()
    },
  }
}

function setOf(peers: Iterable<PeerId>): ReadonlySet<PeerIdStr> {
  return new Set(Array.from(peers, peer => peer.toString()))
}

/** At once: a peer that is no longer wanted does not get to finish its streams. */
export function hangUp(connection: Connection): void {
  connection.abort(new Error('This peer may not connect'))
}
