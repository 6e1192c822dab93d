import type { Weights } from './schema.js'

/** From one peer to another. In an undirected graph it stands for both ways, and the smaller number comes first. */
export type Edge = readonly [from: number, to: number]

/** Which peers receive from which in one round. Peers are numbered 0 … peers − 1; nobody is a neighbour of itself. */
export interface Graph {
  readonly peers: number
  readonly directed: boolean
  /** How much each head counts, where that is not as on the other graphs of the topology. */
  readonly weights?: Weights
  /** Each edge once, sorted. */
  readonly edges: readonly Edge[]
  /** The peers whose heads this one merges, sorted. */
  receivesFrom(peer: number): readonly number[]
  /** The peers that get this one's head, sorted. */
  sendsTo(peer: number): readonly number[]
  /** What `to` gives to the head of `from` along their edge. Left out where the weights follow from the degrees. */
  weightOf?(from: number, to: number): number
}

/** An edge, and what its receiver gives to what comes along it; undirected, both ends give as much. */
export type WeightedEdge = readonly [from: number, to: number, weight: number]

/**
 * A graph from its edges. Repeated edges count once and edges from a peer to itself are left out, so that the
 * formulas of the regular graphs need no exceptions for one, two or three peers.
 */
export function createGraph(peers: number, edges: Iterable<Edge>, directed = false, weights?: Weights): Graph {
  const distinct = new Map<number, Edge>()
  for (const [from, to] of edges) {
    if (from === to) continue
    const edge: Edge = directed || from < to ? [from, to] : [to, from]
    distinct.set(edge[0] * peers + edge[1], edge)
  }
  const sorted = [...distinct.values()].sort(byEnds)
  const outgoing: number[][] = Array.from({ length: peers }, () => [])
  const incoming = directed ? Array.from({ length: peers }, (): number[] => []) : outgoing
  for (const [from, to] of sorted) {
    outgoing[from]!.push(to)
    incoming[to]!.push(from)
  }
  for (const list of directed ? [...outgoing, ...incoming] : outgoing) list.sort((a, b) => a - b)
  return {
    peers,
    directed,
    ...(weights && { weights }),
    edges: sorted,
    receivesFrom: peer => incoming[peer] ?? [],
    sendsTo: peer => outgoing[peer] ?? [],
  }
}

/** A graph that brings its weights. Those of an edge that is there several times add up. */
export function createWeightedGraph(peers: number, edges: readonly WeightedEdge[], directed = false): Graph {
  const weights = new Map<number, number>()
  const placeOf = (from: number, to: number): number => (directed || from < to ? from * peers + to : to * peers + from)
  for (const [from, to, weight] of edges) {
    const place = placeOf(from, to)
    weights.set(place, (weights.get(place) ?? 0) + weight)
  }
  const graph = createGraph(
    peers,
    edges.map(([from, to]): Edge => [from, to]),
    directed,
  )
  return { ...graph, weightOf: (from, to) => weights.get(placeOf(from, to)) ?? 0 }
}

/** Every edge that one of the graphs has: what a time-varying topology needs to be wired once and for all. */
export function unionOf(graphs: readonly [Graph, ...Graph[]]): Graph {
  return createGraph(
    graphs[0].peers,
    graphs.flatMap(graph => graph.edges),
    graphs[0].directed,
  )
}

/** To how many peers each one sends in this graph, by peer. For a round's cost; undirected, simply the degree. */
export function degrees(graph: Graph): readonly number[] {
  return Array.from({ length: graph.peers }, (_, peer) => graph.sendsTo(peer).length)
}

/**
 * The most hops that a number needs to get from one peer to any other, `Infinity` when some pair cannot reach each
 * other. For a time-varying topology give the union of its graphs; the rounds needed may be more than that.
 */
export function diameter(graph: Graph): number {
  let most = 0
  for (let peer = 0; peer < graph.peers; peer++) most = Math.max(most, eccentricity(graph, peer))
  return most
}

/** Can every peer reach every other, along the arrows where there are any? */
export function isConnected(graph: Graph): boolean {
  if (eccentricity(graph, 0) === Number.POSITIVE_INFINITY) return false
  return !graph.directed || diameter(graph) < Number.POSITIVE_INFINITY
}

/** Which peers 0 cannot reach: the advice in the error about a graph in pieces. */
export function unreachable(graph: Graph): number[] {
  const distances = hopsFrom(graph, 0)
  return distances.flatMap((hops, peer) => (hops < 0 ? [peer] : []))
}

function eccentricity(graph: Graph, peer: number): number {
  let most = 0
  for (const hops of hopsFrom(graph, peer)) {
    if (hops < 0) return Number.POSITIVE_INFINITY
    if (hops > most) most = hops
  }
  return most
}

/** Breadth first; −1 for what cannot be reached. */
function hopsFrom(graph: Graph, start: number): number[] {
  const hops = new Array<number>(graph.peers).fill(-1)
  hops[start] = 0
  const queue = [start]
  for (const peer of queue) {
    for (const next of graph.sendsTo(peer)) {
      if (hops[next]! >= 0) continue
      hops[next] = hops[peer]! + 1
      queue.push(next)
    }
  }
  return hops
}

function byEnds(a: Edge, b: Edge): number {
  return a[0] - b[0] || a[1] - b[1]
}
