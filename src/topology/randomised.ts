import { HearsayError } from '../errors.js'
import type { Random } from '../random.js'
import { createGraph, type Edge, type Graph, isConnected } from './graph.js'

/*
 * Graphs that are drawn. The same seed draws the same graph on every peer, so no peer has to be sent the list of its
 * neighbours.
 */

/** A graph that is still not connected after so many draws has options with which it cannot be. */
const drawsLimit = 100

/**
 * Every peer has the same number of neighbours, drawn at random.
 *
 * Starts from a ring in which each peer is joined to its nearest and then exchanges the ends of pairs of edges, ten
 * times as often as there are edges: every step keeps all degrees, so unlike a pairing of stubs it cannot get stuck.
 *
 * @throws {@link HearsayError} when no such graph exists or none that is connected was found
 */
export function randomRegular(peers: number, degree: number, rng: Random): Graph {
  const name = 'topology random-regular: degree'
  if (degree >= peers) {
    throw new HearsayError('TOPOLOGY', `${peers} peers have at most ${peers - 1} neighbours, not ${degree}`, {
      field: name,
    })
  }
  if ((peers * degree) % 2 === 1) {
    throw new HearsayError(
      'TOPOLOGY',
      `${peers} peers cannot have ${degree} neighbours each, as both are odd; make one of them even`,
      { field: name },
    )
  }
  if (degree === 1 && peers > 2) {
    throw new HearsayError('TOPOLOGY', 'with one neighbour each, peers fall into pairs; use 2 or more', { field: name })
  }
  const edges = regularEdges(peers, degree)
  return drawnUntilConnected(`${name}: of ${degree}`, 'a higher degree', () => {
    exchangeEnds(peers, edges, rng)
    return createGraph(peers, edges)
  })
}

/**
 * What an oracle of epidemic learning draws each round (arXiv 2310.01972, EL-Oracle).
 *
 * As {@link randomRegular} for any number of peers and any degree, in pieces maybe: with no more neighbours than there
 * are others, and one peer with one fewer where both numbers are odd.
 */
export function nearlyRegular(peers: number, degree: number, rng: Random): Graph {
  const edges = regularEdges(peers, Math.min(degree, peers - 1))
  exchangeEnds(peers, edges, rng)
  return createGraph(peers, edges)
}

/** Each and its nearest on the circle; of an odd degree the opposite one, too, which of an odd number one peer has not. */
function regularEdges(peers: number, degree: number): Edge[] {
  const edges = lattice(peers, Math.floor(degree / 2))
  const half = Math.floor(peers / 2)
  if (degree % 2 === 1) for (let i = 0; i < half; i++) edges.push([i, i + half])
  return edges
}

/**
 * Every pair is joined with the same probability.
 *
 * @param probability - left out, min(1, 2·ln(m)/m)
 * @throws {@link HearsayError} when no connected graph was found
 */
export function erdosRenyi(peers: number, probability: number | undefined, rng: Random): Graph {
  const p = probability ?? Math.min(1, (2 * Math.log(peers)) / peers)
  return drawnUntilConnected(`topology erdos-renyi: probability: of ${p}`, 'a higher probability', () => {
    const edges: Edge[] = []
    for (let i = 0; i < peers; i++) for (let j = i + 1; j < peers; j++) if (rng.uniform() < p) edges.push([i, j])
    return createGraph(peers, edges)
  })
}

/**
 * A small world: a ring in which each peer is joined to its nearest, where the far end of each edge is moved with some
 * probability to a peer drawn from all that are not yet neighbours.
 *
 * @param neighbours - before rewiring; even
 * @throws {@link HearsayError} when there are not enough peers or no connected graph was found
 */
export function wattsStrogatz(peers: number, neighbours: number, rewire: number, rng: Random): Graph {
  const name = 'topology watts-strogatz'
  if (neighbours >= peers) {
    throw new HearsayError(
      'TOPOLOGY',
      `neighbours: ${peers} peers have at most ${peers - 1} neighbours, not ${neighbours}`,
      { field: name },
    )
  }
  return drawnUntilConnected(`${name}: rewire: of ${rewire}`, 'more neighbours or less rewiring', () => {
    const edges = lattice(peers, neighbours / 2)
    const joined = new Set(edges.map(([a, b]) => key(peers, a, b)))
    for (const [at, [from, to]] of edges.entries()) {
      if (rng.uniform() >= rewire) continue
      const free = Array.from({ length: peers }, (_, i) => i).filter(
        other => other !== from && !joined.has(key(peers, from, other)),
      )
      if (free.length === 0) continue
      const target = free[rng.integer(free.length)]!
      joined.delete(key(peers, from, to))
      joined.add(key(peers, from, target))
      edges[at] = [from, target]
    }
    return createGraph(peers, edges)
  })
}

/** Each peer and the `reach` next on either side. */
function lattice(peers: number, reach: number): Edge[] {
  const edges: Edge[] = []
  for (let offset = 1; offset <= reach; offset++) {
    for (let i = 0; i < peers; i++) edges.push([i, (i + offset) % peers])
  }
  return edges
}

/** Ten times per edge, a–b, c–d becomes a–d, c–b wherever that makes neither a loop nor a double edge. */
function exchangeEnds(peers: number, edges: Edge[], rng: Random): void {
  const joined = new Set(edges.map(([a, b]) => key(peers, a, b)))
  for (let time = 0; time < 10 * edges.length; time++) {
    const first = rng.integer(edges.length)
    const second = rng.integer(edges.length)
    const [a, b] = edges[first]!
    const [c, d] = rng.integer(2) === 0 ? edges[second]! : [edges[second]![1], edges[second]![0]]
    if (a === c || b === d || a === d || b === c) continue
    if (joined.has(key(peers, a, d)) || joined.has(key(peers, c, b))) continue
    joined.delete(key(peers, a, b))
    joined.delete(key(peers, c, d))
    joined.add(key(peers, a, d))
    joined.add(key(peers, c, b))
    edges[first] = [a, d]
    edges[second] = [c, b]
  }
}

/** @throws {@link HearsayError} when no connected graph was found */
export function drawnUntilConnected(what: string, remedy: string, draw: () => Graph): Graph {
  for (let count = 0; count < drawsLimit; count++) {
    const graph = draw()
    if (isConnected(graph)) return graph
  }
  throw new HearsayError('TOPOLOGY', `no connected graph among ${drawsLimit} drawn; use ${remedy}, or another seed`, {
    field: what,
  })
}

function key(peers: number, a: number, b: number): number {
  return Math.min(a, b) * peers + Math.max(a, b)
}
