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

/**
 * What became of a head. `stale`: as new a one is held. `size`: not as many numbers as the head agreed on. `full`: as
 * many peers' heads as may be held are, and none of them is older.
 */
export type Reception =
  | { readonly ok: true /** Whose head had to go. */; readonly dropped?: string }
  | { readonly ok: false; readonly reason: 'stale' | 'size' | 'full' }

/** The last good head of every peer that was heard, and the one before where the last is ahead of us. */
export interface ExpertStore<E extends Expert = Expert> {
  /**
   * Takes a head that has been checked (layout, finite numbers). It is kept as it is, without a copy.
   *
   * @throws TypeError when it does not lie on shared memory
   */
  receive(expert: E): Reception
  /**
   * A head of each peer, in the order of their ids, whatever order they came in: sums over experts then have the same
   * bits on every machine. Which older heads are let go of follows from it: rounds only grow.
   *
   * @param upTo - of a peer whose last head is of a later round than this the one before counts, if it is not: who is
   *   quick must not change what others compute. @default Infinity: the last one, whatever its round
   */
  experts(round: number, upTo?: number): readonly (E & HeldExpert)[]
  /** For a peer that is known to be gone for good. A peer that is merely away keeps serving by its last head. */
  forget(peer: string): void
  readonly size: number
}

/**
 * @param numbers - in a head
 * @param limit - heads held at most, 1 to {@link expertLimit}. When one more peer comes, the head that was trained longest ago goes,
 *   if it is older than the new one: otherwise a crowd of new names could push out those that are at work
 */
export function createExpertStore<E extends Expert = Expert>({
  numbers,
  limit,
}: {
  numbers: number
  limit: number
}): ExpertStore<E> {
  if (!Number.isInteger(limit) || limit < 1 || limit > expertLimit) {
    throw new RangeError(`limit is ${limit}; must be a whole number from 1 to ${expertLimit}`)
  }
  const held = new Map<string, E>()
  /** Of those whose last head may be ahead of us: the one before. */
  const earlier = new Map<string, E>()

  const oldest = (): E | undefined =>
    [...held.values()].reduce<E | undefined>(
      (a, b) => (a === undefined || b.round < a.round || (b.round === a.round && b.peer > a.peer) ? b : a),
      undefined,
    )

  function forget(peer: string): void {
    held.delete(peer)
    earlier.delete(peer)
  }

  return {
    receive(expert) {
      const { peer, round, head } = expert
      if (!(head.buffer instanceof SharedArrayBuffer)) throw new TypeError('a head must lie on shared memory')
      if (head.length !== numbers) return { ok: false, reason: 'size' }
      const before = held.get(peer)
      if (before !== undefined && before.round >= round) return { ok: false, reason: 'stale' }
      let dropped: string | undefined
      if (before === undefined && held.size >= limit) {
        const last = oldest()!
        if (last.round >= round) return { ok: false, reason: 'full' }
        forget(last.peer)
        dropped = last.peer
      }
      held.set(peer, expert)
      if (before !== undefined) earlier.set(peer, before)
      return { ok: true, ...(dropped === undefined ? {} : { dropped }) }
    },
    experts: (round, upTo = Number.POSITIVE_INFINITY) =>
      [...held.values()].sort(byPeer).map(last => {
        const before = earlier.get(last.peer)
        if (last.round <= upTo) earlier.delete(last.peer)
        const expert = last.round > upTo && before !== undefined && before.round <= upTo ? before : last
        return { ...expert, age: Math.max(0, round - expert.round) }
      }),
    forget,
    get size() {
      return held.size
    },
  }
}

/** By code units, so that no machine's language changes the order. */
export function byPeer(a: { readonly peer: string }, b: { readonly peer: string }): number {
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
