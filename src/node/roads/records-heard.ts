import type { PeerIdStr, Records } from '../../gossip/index.js'
import type { Hearing, Neighbourhood } from '../../methods/index.js'

export interface RecordsHeardInit {
  readonly records: Pick<Records, 'of' | 'isVoid'>
  /** Does the peer see its data by another sum than this one? */
  readonly isUnlike: (peer: PeerIdStr) => boolean
  readonly isThere: (peer: PeerIdStr) => boolean
}

/** Of which of the others a record of this round is here, and why it is not of the rest. */
export function hearingOf(
  { members, self }: Neighbourhood,
  round: number,
  { records, isUnlike, isThere }: RecordsHeardInit,
): Hearing {
  const others = members
    .map(({ peerId }, peer) => ({ peer, id: peerId.toString() }))
    .filter(({ peer }) => peer !== self)
  const isHere = (id: PeerIdStr): boolean => records.of(round, id) !== undefined
  const reasonOf = (id: PeerIdStr) => {
    if (isUnlike(id) || records.isVoid(round, id)) return 'refused' as const
    return isThere(id) ? ('late' as const) : ('gone' as const)
  }
  return {
    received: others.filter(({ id }) => isHere(id)).map(({ peer }) => peer),
    absent: others.filter(({ id }) => !isHere(id)).map(({ peer, id }) => ({ peer, reason: reasonOf(id) })),
  }
}

/** How many of those that know something else are asked at once. */
const askedPeers = 4

/** The next of these peers in each turn, so that no few that lie are all that is asked. */
export function inTurns(peers: readonly PeerIdStr[], turn: number): PeerIdStr[] {
  const first = peers.length === 0 ? 0 : (turn * askedPeers) % peers.length
  return [...peers.slice(first), ...peers.slice(0, first)].slice(0, askedPeers)
}
