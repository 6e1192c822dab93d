import type { PeerId } from '@libp2p/interface'

/** A snapshot, by name. */
export interface NamedSnapshot {
  readonly round: number
  /** SHA-256 of the payload. */
  readonly digest: Uint8Array
}

/** The snapshot of another peer, as its signed record names it. */
export interface SaidSnapshot extends NamedSnapshot {
  readonly peer: PeerId
}

/** A snapshot that is to be taken over, and who has it. */
export interface VotedSnapshot extends NamedSnapshot {
  readonly peers: readonly PeerId[]
}

/**
 * Which snapshot to take over: the one that most peers have, this one among them; of two that as many have, the later
 * one, then that with the smaller digest, so that both sides of a healed partition choose the same. Never an older one
 * than one's own; and a later one only from a round on that this peer has not reached: before, it comes to that snapshot by
 * itself.
 *
 * @param reached - the round that this peer is in
 * @returns undefined where the own one stays
 */
export function snapshotOfMost(
  said: readonly SaidSnapshot[],
  own: NamedSnapshot,
  reached: number,
): VotedSnapshot | undefined {
  const ballots = new Map<string, { readonly named: NamedSnapshot; votes: number; readonly peers: PeerId[] }>()
  const vote = ({ round, digest }: NamedSnapshot, peers: readonly PeerId[]): void => {
    const key = `${round}/${Buffer.from(digest).toString('hex')}`
    const ballot = ballots.get(key) ?? { named: { round, digest }, votes: 0, peers: [] }
    ballot.votes += 1
    ballot.peers.push(...peers)
    ballots.set(key, ballot)
  }
  vote(own, [])
  for (const { peer, round, digest } of said) {
    const isCandidate = round === own.round || round > Math.max(own.round, reached)
    if (isCandidate && digest.length === 32) vote({ round, digest }, [peer])
  }
  const [best] = [...ballots.values()].sort(
    (a, b) => b.votes - a.votes || b.named.round - a.named.round || Buffer.compare(a.named.digest, b.named.digest),
  )
  const { named, peers } = best!
  const isOwn = named.round === own.round && Buffer.compare(named.digest, own.digest) === 0
  return isOwn ? undefined : { ...named, peers }
}
