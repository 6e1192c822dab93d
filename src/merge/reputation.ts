/** The share of the old mean in a running one (ALGORITHMS-2.md 2). */
const memory = 0.9

/** Rounds on end in which both means speak against a neighbour it is muted. */
export const roundsAgainst = 10

/** Rounds for which a neighbour is muted. Then it begins anew: data differ, and what was of no use may become so. */
export const roundsMuted = 10

/**
 * A gain below 0 counts against a neighbour only where it is more than this share of the own loss: a free rider's is about
 * 0, now a little above and now below, and a free rider is to be shown and not muted.
 */
const harmless = 0.1

/** What a peer thinks of a neighbour's head. */
export interface Opinion {
  /** L(z_i) − L(z_i + w_ij·(z_j − z_i)): how much less one errs after a step towards it, of the length that a mean takes. */
  readonly gain: number
  /** Of the angle between z_j − x_i, with x_i the own head before the round's training, and the merged step. */
  readonly cosine: number
}

/** What one round has shown of it. */
export interface Showing extends Opinion {
  /** L(z_i). */
  readonly loss: number
}

/**
 * What a peer has made of a neighbour in the long run, from RFFL's idea (arXiv 2011.10464): float32 numbers throughout, so
 * that a checkpoint has the same bits.
 */
export interface Repute extends Opinion {
  /** Rounds on end in which both means spoke against it. */
  readonly against: number
  /** The round in which it is heard again; 0 while it is not muted. */
  readonly mutedUntil: number
}

/**
 * Takes one more round in.
 *
 * Both means must be negative, as each alone is of honest peers too: another's data are of no use for one's own (gain), or
 * lead elsewhere (cosine).
 *
 * @param before - undefined of a neighbour that was not heard yet: its means begin with what it shows
 * @param round - in which it showed this
 * @param mutes - is it muted in the end? @default it is only shown
 */
export function reputeAfter(before: Repute | undefined, shown: Showing, round: number, mutes = false): Repute {
  const gain = running(before?.gain, shown.gain)
  const cosine = running(before?.cosine, shown.cosine)
  const against = gain < -harmless * shown.loss && cosine < 0 ? (before?.against ?? 0) + 1 : 0
  const isMuted = mutes && against >= roundsAgainst
  return { gain, cosine, against, mutedUntil: isMuted ? round + 1 + roundsMuted : 0 }
}

function running(before: number | undefined, now: number): number {
  return Math.fround(before === undefined ? now : memory * before + (1 - memory) * now)
}
