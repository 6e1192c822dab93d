import type { PeerId } from '@libp2p/interface'
import { equals } from 'uint8arrays/equals'

/** A snapshot, by name. */
export interface NamedSnapshot {
  readonly round: number
  /** SHA-256 of the payload. */
  readonly digest: Uint8Array
}

/** The snapshot of another live peer, as its signed record names it. */
export interface SaidSnapshot extends NamedSnapshot {
  readonly peer: PeerId
  /** The last round that the peer says it has ended. */
  readonly ended: number
}

/** A snapshot that is to be taken over, and who has it. */
export interface VotedSnapshot extends NamedSnapshot {
  readonly peers: readonly PeerId[]
}

export interface Standing {
  readonly own: NamedSnapshot
  /** The round that this peer is in. */
  readonly reached: number
  /** Rounds from one snapshot to the next. */
  readonly every: number
  /** Does this peer begin or come back, so that its own snapshot is no vote? */
  readonly isBack: boolean
}

/**
 * Which snapshot to take over: the one that more than half have of all that name any, this peer among them if it is in
 * the midst of the run. So fewer liars than honest peers never choose, and where there is no such majority the own one
 * stays. Never an older one than one's own; and a later one only from a round on that this peer has not reached: before,
 * it comes to that snapshot by itself. Nor one that most of them cannot have yet, by the rounds that they say.
 *
 * @returns undefined where the own one stays
 */
export function snapshotOfMost(
  said: readonly SaidSnapshot[],
  { own, reached, every, isBack }: Standing,
): VotedSnapshot | undefined {
  const named = said.filter(({ digest }) => digest.length === 32)
  // In the midst of the run no log begins so long ago: such a peer has found no majority when it came.
  const isBehind = isBack || reached >= own.round + 2 * every
  const voters = named.length + (isBehind ? 0 : 1)
  const endedByMost = named.map(({ ended }) => ended).sort((a, b) => b - a)[Math.floor(named.length / 2)] ?? 0
  const isCandidate = ({ round }: NamedSnapshot): boolean =>
    round % every === 0 &&
    round <= Math.max(0, endedByMost) &&
    (round === own.round || (round > own.round && (isBehind || round > reached)))
  for (const one of named.filter(isCandidate)) {
    const those = named.filter(other => isSame(other, one))
    if (2 * those.length <= voters) continue
    const { round, digest } = one
    return isSame(one, own) ? undefined : { round, digest, peers: those.map(({ peer }) => peer) }
  }
  return undefined
}

function isSame(a: NamedSnapshot, b: NamedSnapshot): boolean {
  return a.round === b.round && equals(a.digest, b.digest)
}
