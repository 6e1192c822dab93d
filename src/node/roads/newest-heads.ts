import type { Published } from '../../methods/index.js'

/** Authors whose heads a peer holds at most, whatever a manifest allows. */
export const authorsLimit = 2048

/**
 * The outcome for a received head. `stale`: one that is as new is held. `size`: its length differs from that of the
 * agreed head. `full`: the limit of held heads is reached, and none of them is older.
 */
export type Reception =
  | { readonly ok: true /** The peer whose head was dropped. */; readonly dropped?: string }
  | { readonly ok: false; readonly reason: 'stale' | 'size' | 'full' }

/** The last good head of every peer that was heard, and the one before where the last is ahead of us. */
export interface NewestHeads<H extends Published = Published> {
  /**
   * Takes a head that has been checked (layout, finite numbers). It is kept as it is, without a copy.
   *
   * @throws TypeError when it does not lie on shared memory
   */
  receive(head: H): Reception
  /**
   * A head of each peer with its age in rounds, in the order of the peer ids, whatever order they came in: sums over
   * heads then have the same bits on every machine. A call also drops the older heads that no later call needs: rounds
   * only grow.
   *
   * @param upTo - if a peer's last head is of a later round than this, the one before counts, unless it is too: a fast
   *   peer must not change what others compute. @default Infinity: the last one, whatever its round
   */
  at(round: number, upTo?: number): readonly (H & { readonly age: number })[]
  /** For a peer that is known to be gone for good. A peer that is merely away keeps contributing its last head. */
  forget(peer: string): void
  readonly size: number
}

/**
 * @param numbers - length of a head
 * @param limit - heads held at most, 1 to {@link authorsLimit}. When one more peer comes, the head that was trained
 *   longest ago is dropped, if it is older than the new one: otherwise many new identities could displace active peers
 */
export function createNewestHeads<H extends Published = Published>({
  numbers,
  limit,
}: {
  numbers: number
  limit: number
}): NewestHeads<H> {
  if (!Number.isInteger(limit) || limit < 1 || limit > authorsLimit) {
    throw new RangeError(`limit is ${limit}; must be a whole number from 1 to ${authorsLimit}`)
  }
  const held = new Map<string, H>()
  /** The head before the last, of peers whose last head may be ahead of us. */
  const earlier = new Map<string, H>()

  const oldest = (): H | undefined =>
    [...held.values()].reduce<H | undefined>(
      (a, b) => (a === undefined || b.round < a.round || (b.round === a.round && b.peer > a.peer) ? b : a),
      undefined,
    )

  function forget(peer: string): void {
    held.delete(peer)
    earlier.delete(peer)
  }

  return {
    receive(published) {
      const { peer, round, head } = published
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
      held.set(peer, published)
      if (before !== undefined) earlier.set(peer, before)
      return { ok: true, ...(dropped === undefined ? {} : { dropped }) }
    },
    at: (round, upTo = Number.POSITIVE_INFINITY) =>
      [...held.values()].sort(byPeer).map(last => {
        const before = earlier.get(last.peer)
        if (last.round <= upTo) earlier.delete(last.peer)
        const head = last.round > upTo && before !== undefined && before.round <= upTo ? before : last
        return { ...head, age: Math.max(0, round - head.round) }
      }),
    forget,
    get size() {
      return held.size
    },
  }
}

/** By code units, so that the order does not depend on a machine's locale. */
function byPeer(a: Published, b: Published): number {
  return a.peer < b.peer ? -1 : a.peer > b.peer ? 1 : 0
}
