import type { Random } from '../random.js'
import { createWeightedGraph, type Graph, type WeightedEdge } from './graph.js'
import { drawnUntilConnected } from './randomised.js'

/*
 * EquiTopo (arXiv 2210.07881): circles whose offsets are drawn. λ does not grow with the number of peers m.
 */

/**
 * The static form: peer i sends to i + a for each of some offsets a of 1 … m − 1, drawn one by one; each adds
 * (m − 1)/(mM) to its weight, of M, and 1/m is a peer's own. Undirected, the mean of that and of its transpose.
 *
 * @param offsets - M. @default ⌈log₂ m⌉, as many as the exponential graph has
 * @throws {@link HearsayError} when no connected graph was found
 */
export function equiTopo(peers: number, offsets: number | undefined, directed: boolean, rng: Random): Graph {
  if (peers === 1) return createWeightedGraph(1, [], directed)
  const count = offsets ?? Math.ceil(Math.log2(peers))
  const weight = (peers - 1) / (peers * count) / (directed ? 1 : 2)
  return drawnUntilConnected(`topology equitopo: offsets: of ${count}`, 'more offsets', () => {
    const edges = Array.from({ length: count }, () => circle(peers, 1 + rng.integer(peers - 1), weight)).flat()
    return createWeightedGraph(peers, edges, directed)
  })
}

/**
 * One round of the one-peer form: (1 − θ)I + θ(I/m + (m − 1)/m·P), where P sends each peer's head on by one offset, or
 * undirected pairs peers that are this far apart: it goes around the circle from a peer that is drawn and joins those
 * of which neither has a pair yet. Who is left over keeps its head.
 */
export function onePeerEquiTopo(peers: number, theta: number, directed: boolean, rng: Random): Graph {
  if (peers === 1) return createWeightedGraph(1, [], directed)
  const offset = 1 + rng.integer(peers - 1)
  const weight = (theta * (peers - 1)) / peers
  if (directed) return createWeightedGraph(peers, circle(peers, offset, weight), true)
  const start = rng.integer(peers)
  const paired = new Set<number>()
  const edges = circle(peers, offset, weight)
  const pairs = [...edges.slice(start), ...edges.slice(0, start)].filter(([from, to]) => {
    if (paired.has(from) || paired.has(to)) return false
    paired.add(from).add(to)
    return true
  })
  return createWeightedGraph(peers, pairs)
}

function circle(peers: number, offset: number, weight: number): WeightedEdge[] {
  return Array.from({ length: peers }, (_, peer) => [peer, (peer + offset) % peers, weight])
}
