/** Heads that a peer holds at most, whatever a manifest allows: two tensors each in a checkpoint fit its header. */
export const expertLimit = 2048

/** A head that another peer published. */
export interface Expert {
  /** The peer's id. */
  readonly peer: string
  /** The round in which that peer trained it. */
  readonly round: number
  /** On shared memory; nobody writes to it any more. */
  readonly head: Float32Array
}

/** An expert as it stands now. */
export interface HeldExpert extends Expert {
  /** Rounds that it lies behind; 0 for this round's. */
  readonly age: number
}

/** By code units, so that no machine's language changes the order. */
function byPeer(a: { readonly peer: string }, b: { readonly peer: string }): number {
  return a.peer < b.peer ? -1 : a.peer > b.peer ? 1 : 0
}

/**
 * The experts that take part, at most `limit`, in the order of their peers' ids.
 *
 * @param weights - mean gate weight of each expert when it last took part
 * @param newcomers - where experts without a weight stand: `first` in training, or they would never get one; `last` in
 *   prediction, where their transforms are untrained
 */
export function selectExperts<E extends Expert>(
  experts: readonly E[],
  weights: ReadonlyMap<string, number>,
  limit: number,
  newcomers: 'first' | 'last',
): readonly E[] {
  const unknown = newcomers === 'first' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  const weightOf = ({ peer }: Expert): number => weights.get(peer) ?? unknown
  const sorted = [...experts].sort(byPeer)
  if (sorted.length <= limit) return sorted
  // Infinity − Infinity is no number; equal weights are decided by the ids.
  const rank = (a: E, b: E): number => (weightOf(a) === weightOf(b) ? byPeer(a, b) : weightOf(b) - weightOf(a))
  return sorted.sort(rank).slice(0, limit).sort(byPeer)
}
