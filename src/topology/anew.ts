import type { Random } from '../random.js'
import { createGraph, type Edge, type Graph } from './graph.js'

/*
 * Graphs that are drawn anew each round. Every peer draws the whole graph of a round from the run's seed: each knows
 * whom it sends to and whom it is to hear.
 */

/** How many times as many as it sends to a peer may hear: of more it would do the work of several. */
const heardTimes = 3

/**
 * Epidemic learning without an oracle (arXiv 2310.01972, EL-Local): each peer sends to as many others, drawn at random. A peer hears
 * three times as many at most; which of more are left out is drawn, too.
 *
 * @param rngOf - by peer, for those it sends to
 * @param order - decides which senders come first
 */
export function epidemicLocal(peers: number, degree: number, rngOf: (peer: number) => Random, order: Random): Graph {
  const heard = new Uint32Array(peers)
  const edges: Edge[] = []
  for (const from of order.shuffle(numbers(peers))) {
    for (const to of drawn(numbers(peers, from), degree, rngOf(from))) {
      if (heard[to]! >= heardTimes * degree) continue
      heard[to]! += 1
      edges.push([from, to])
    }
  }
  return createGraph(peers, edges, true)
}

/** A random perfect matching; of an odd number one peer is alone. Its pairs are {π_a, π_{a + m/2}}, a < m/2. */
export function randomPairs(peers: number, rng: Random): Graph {
  const order = rng.shuffle(numbers(peers))
  const half = Math.floor(peers / 2)
  return createGraph(
    peers,
    order.slice(0, half).map((peer, a): Edge => [peer, order[a + half]!]),
  )
}

/** The first of a shuffle, no longer than it must be. */
function drawn(from: number[], count: number, rng: Random): number[] {
  const size = Math.min(count, from.length)
  for (let i = 0; i < size; i++) {
    const j = i + rng.integer(from.length - i)
    const held = from[i]!
    from[i] = from[j]!
    from[j] = held
  }
  return from.slice(0, size)
}

function numbers(peers: number, but?: number): number[] {
  return Array.from({ length: peers }, (_, peer) => peer).filter(peer => peer !== but)
}
