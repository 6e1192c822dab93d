import { HearsayError } from '../errors.js'
import { random } from '../random.js'
import { createGraph, type Edge, type Graph, unionOf, unreachable } from './graph.js'
import { erdosRenyi, randomRegular, wattsStrogatz } from './randomised.js'
import {
  exponentialEdges,
  fullEdges,
  gridEdges,
  lineEdges,
  onePeerExponentialEdges,
  type Rectangle,
  rectangle,
  ringEdges,
  starEdges,
} from './regular.js'
import { peersLimit, type TopologySpec, type Weights } from './schema.js'

/** How a graph is best put on paper: around a circle, around peer 0, one after another, or in rows. */
export type Arrangement = 'circle' | 'star' | 'line' | Rectangle

/** Which peers receive from which, by round. Every peer computes the same one from the same spec, peers and seed. */
export interface Topology {
  /** The kind's name, for example "ring". */
  readonly name: string
  readonly peers: number
  /** After this many rounds the graphs repeat; 1 for a graph that never changes. */
  readonly period: number
  readonly directed: boolean
  /** The weights that the spec names. */
  readonly weights: Weights
  readonly arrangement: Arrangement
  /** @param round - 0, 1, 2, … */
  graphAt(round: number): Graph
  /** Every edge that it has in some round. */
  readonly union: Graph
}

/**
 * Builds a topology for a number of peers. One peer alone is a topology without edges.
 *
 * @param seed - the run's seed; only the kinds that are drawn depend on it
 * @throws {@link HearsayError} `TOPOLOGY` when these peers cannot be joined in this way
 */
export function createTopology(spec: TopologySpec, peers: number, seed: number): Topology {
  if (!Number.isInteger(peers) || peers < 1 || peers > peersLimit) {
    throw new HearsayError('TOPOLOGY', `topology ${spec.kind}: peers must be a whole number from 1 to ${peersLimit}`)
  }
  const { graphs, arrangement = 'circle' } = build(spec, peers, seed)
  return {
    name: spec.kind,
    peers,
    period: graphs.length,
    directed: graphs[0].directed,
    weights: spec.weights,
    arrangement,
    graphAt: round => graphs[round % graphs.length]!,
    union: graphs.length === 1 ? graphs[0] : unionOf(graphs),
  }
}

interface Built {
  readonly graphs: readonly [Graph, ...Graph[]]
  readonly arrangement?: Arrangement
}

function build(spec: TopologySpec, peers: number, seed: number): Built {
  const drawn = (): ReturnType<typeof random> => random(seed, `topology/${spec.kind}`, peers)
  switch (spec.kind) {
    case 'ring':
      return fixed(createGraph(peers, ringEdges(peers)))
    case 'line':
      return fixed(createGraph(peers, lineEdges(peers)), 'line')
    case 'star':
      return fixed(createGraph(peers, starEdges(peers)), 'star')
    case 'full':
      return fixed(createGraph(peers, fullEdges(peers)))
    case 'grid':
    case 'torus': {
      const sides = rectangle(spec.kind, peers, spec.rows)
      return fixed(createGraph(peers, gridEdges(sides, spec.kind === 'torus')), sides)
    }
    case 'random-regular':
      return fixed(peers === 1 ? createGraph(1, []) : randomRegular(peers, spec.degree, drawn()))
    case 'erdos-renyi':
      return fixed(erdosRenyi(peers, spec.probability, drawn()))
    case 'watts-strogatz':
      return fixed(peers === 1 ? createGraph(1, []) : wattsStrogatz(peers, spec.neighbours, spec.rewire, drawn()))
    case 'exponential':
      return fixed(createGraph(peers, exponentialEdges(peers), true))
    case 'one-peer-exponential': {
      const [first, ...rest] = onePeerExponentialEdges(peers).map(edges => createGraph(peers, edges, true))
      return { graphs: [first!, ...rest] }
    }
    case 'edges':
      return fixed(explicit(peers, spec.edges))
  }
}

function fixed(graph: Graph, arrangement: Arrangement = 'circle'): Built {
  return { graphs: [graph], arrangement }
}

/** A graph from a list: refuses what a hand-written list gets wrong. */
function explicit(peers: number, edges: readonly Edge[]): Graph {
  const seen = new Set<string>()
  for (const [at, [from, to]] of edges.entries()) {
    const name = `topology edges: edges.${at}: [${from}, ${to}]`
    if (Math.max(from, to) >= peers) {
      throw new HearsayError('TOPOLOGY', `${name} names a peer that is not there; they are 0 to ${peers - 1}`)
    }
    if (from === to) throw new HearsayError('TOPOLOGY', `${name} joins a peer to itself; remove it`)
    const pair = `${Math.min(from, to)}–${Math.max(from, to)}`
    if (seen.has(pair)) throw new HearsayError('TOPOLOGY', `${name} is there twice; edges go both ways, remove one`)
    seen.add(pair)
  }
  const graph = createGraph(peers, edges)
  const cut = unreachable(graph)
  if (cut.length > 0) {
    const shown = cut.slice(0, 8).join(', ') + (cut.length > 8 ? ', …' : '')
    throw new HearsayError(
      'TOPOLOGY',
      `topology edges: no way leads from peer 0 to ${cut.length === 1 ? 'peer' : 'peers'} ${shown}; add an edge`,
    )
  }
  return graph
}
