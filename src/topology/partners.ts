import type { Random } from '../random.js'
import { createGraph, type Edge, type Graph } from './graph.js'

/**
 * The edges of one sparse round (arXiv 2507.06542): each peer draws some of those that it could receive from, and takes
 * as much of each as of its own. Directed, and the mean drifts.
 *
 * @param graph - whom a peer may draw
 * @param partners - how many: ⌊r⌋, and one more with the probability of the rest
 */
export function drawnPartners(graph: Graph, partners: number, rng: Random): Graph {
  const edges: Edge[] = []
  for (let peer = 0; peer < graph.peers; peer++) {
    const many = Math.floor(partners) + (rng.uniform() < partners % 1 ? 1 : 0)
    const all = rng.shuffle([...graph.receivesFrom(peer)])
    for (const other of all.slice(0, many)) edges.push([other, peer])
  }
  return createGraph(graph.peers, edges, true, 'uniform')
}

/**
 * The same in pairs that take from each other, ½ and ½, so that the mean stays: in an order that is drawn, each peer that
 * is not in a pair yet draws one of its neighbours that are not either.
 *
 * @param share - with this probability; 0 to 1
 */
export function drawnPairs(graph: Graph, share: number, rng: Random): Graph {
  const edges: Edge[] = []
  const paired = new Set<number>()
  for (const peer of rng.shuffle(Array.from({ length: graph.peers }, (_, number) => number))) {
    const draws = rng.uniform() < share
    const free = graph.receivesFrom(peer).filter(other => !paired.has(other))
    if (!draws || paired.has(peer) || free.length === 0) continue
    const other = free[rng.integer(free.length)]!
    paired.add(peer).add(other)
    edges.push([peer, other])
  }
  return createGraph(graph.peers, edges, false, 'uniform')
}
