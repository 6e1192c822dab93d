import { Malformed } from './fields.js'
import type { Miss } from './shape.js'

/*
 * The heads of a round, by the peer that was to have them. A file may tell of one peer's round again and again: no step
 * here goes through what other peers have told, or through all of what the same peer has.
 */

/** Heads of one kind that are missed in a round. */
export interface Misses {
  /** @throws {@link Malformed} where these are too many; nothing is changed then */
  add(peer: number, more: readonly Miss[]): void
  delete(peer: number): void
  all(): Miss[]
}

/** @param most - in the round */
export function createMisses(most: number): Misses {
  const byPeer = new Map<number, Miss[]>()
  let many = 0
  return {
    add(peer, more) {
      if (many + more.length > most) throw new Malformed()
      many += more.length
      const known = byPeer.get(peer) ?? []
      for (const miss of more) known.push(miss)
      byPeer.set(peer, known)
    },
    delete(peer) {
      many -= byPeer.get(peer)?.length ?? 0
      byPeer.delete(peer)
    },
    all: () => [...byPeer.values()].flat(),
  }
}

/** Whose heads were received. */
export interface Heard {
  add(from: readonly number[], to: number): void
  delete(to: number): void
  /** From, to, from, to, …, by receiver and then by sender, each once. */
  edges(): number[]
}

/** From so many senders on those that came twice are sorted out, each time that there are twice as many. */
const manySenders = 64

export function createHeard(): Heard {
  const byReceiver = new Map<number, { senders: number[]; tidyAt: number }>()
  return {
    add(from, to) {
      const known = byReceiver.get(to) ?? { senders: [], tidyAt: manySenders }
      for (const sender of from) known.senders.push(sender)
      if (known.senders.length >= known.tidyAt) {
        known.senders = [...new Set(known.senders)]
        known.tidyAt = Math.max(manySenders, 2 * known.senders.length)
      }
      byReceiver.set(to, known)
    },
    delete: to => void byReceiver.delete(to),
    edges() {
      const edges: number[] = []
      for (const [to, { senders }] of [...byReceiver].sort(([a], [b]) => a - b)) {
        for (const from of [...new Set(senders)].sort((a, b) => a - b)) edges.push(from, to)
      }
      return edges
    },
  }
}
