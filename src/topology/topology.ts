import { HearsayError } from '../errors.js'
import { held } from '../held.js'
import { type Random, random } from '../random.js'
import { epidemicLocal, randomPairs } from './anew.js'
import { baseEdges } from './base-k.js'
import { equiTopo, onePeerEquiTopo } from './equitopo.js'
import { createGraph, createWeightedGraph, type Edge, type Graph, unionOf, unreachable } from './graph.js'
import { erdosRenyi, nearlyRegular, randomRegular, wattsStrogatz } from './randomised.js'
import {
  exponentialEdges,
  fullEdges,
  gridEdges,
  lineEdges,
  onePeerExponentialEdges,
  onePeerHypercubeEdges,
  type Rectangle,
  rectangle,
  ringEdges,
  starEdges,
  treeEdges,
} from './regular.js'
import { peersLimit, type TopologySpec, type Weights } from './schema.js'

/** How a graph is best put on paper: around a circle, around peer 0, one after another, or in rows. */
export type Arrangement = 'circle' | 'star' | 'line' | Rectangle

/** Which peers receive from which, by round. Every peer computes the same one from the same spec, peers and seed. */
export interface Topology {
  /** The kind's name, for example "ring". */
  readonly name: string
  readonly peers: number
  /** After this many rounds the graphs repeat: 1 for a graph that never changes, infinite where each is drawn anew. */
  readonly period: number
  readonly directed: boolean
  /** How the mixing matrix follows from a round's graph. */
  readonly weights: Weights
  readonly arrangement: Arrangement
  /** @param round - 0, 1, 2, … */
  graphAt(round: number): Graph
  /** Does the run's schedule leave this peer without an exchange in this round? */
  isSilent(round: number, peer: number): boolean
  /** Every edge that it may have in some round. */
  readonly union: Graph
}

/** Of graphs that are drawn anew so many stand for all. */
export const roundsSurveyed = 16

/** The graphs of a whole cycle; where they never repeat, of the first rounds. @param rounds - how many */
export function graphsOf({ period, graphAt }: Topology, rounds: number = roundsSurveyed): Graph[] {
  const length = period === Number.POSITIVE_INFINITY ? rounds : period
  return Array.from({ length }, (_, round) => graphAt(round))
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
  const { period, graphAt, unite, arrangement = 'circle' } = build(spec, peers, seed)
  const first = graphAt(0)
  let union: Graph | undefined
  return {
    name: spec.kind,
    peers,
    period,
    directed: first.directed,
    weights: 'weights' in spec ? spec.weights : weightsOf(first),
    arrangement,
    graphAt,
    isSilent: () => false,
    get union() {
      union ??= unite()
      return union
    },
  }
}

/** Where nobody chooses: weights that keep the mean wherever that can be. */
function weightsOf(graph: Graph): Weights {
  if (graph.weightOf !== undefined) return 'own'
  return graph.directed ? 'uniform' : 'metropolis-hastings'
}

interface Built extends Pick<Topology, 'period' | 'graphAt'> {
  /** Of a thousand peers that may all meet it has half a million edges: made where it is asked for. */
  unite(): Graph
  readonly arrangement?: Arrangement
}

function build(spec: TopologySpec, peers: number, seed: number): Built {
  const drawn = (...scope: number[]): Random => random(seed, `topology/${spec.kind}`, peers, ...scope)
  switch (spec.kind) {
    case 'ring':
      return fixed(createGraph(peers, ringEdges(peers)))
    case 'line':
      return fixed(createGraph(peers, lineEdges(peers)), 'line')
    case 'star':
      return fixed(createGraph(peers, starEdges(peers)), 'star')
    case 'tree':
      return fixed(createGraph(peers, treeEdges(peers)))
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
    case 'one-peer-exponential':
      return inTurn(onePeerExponentialEdges(peers).map(edges => createGraph(peers, edges, true)))
    case 'one-peer-hypercube':
      return inTurn(onePeerHypercubeEdges(peers).map(edges => createGraph(peers, edges)))
    case 'base-k':
      return inTurn(baseEdges(peers, spec.degree).map(edges => createWeightedGraph(peers, edges)))
    case 'random-pairs':
      return anew(round => randomPairs(peers, drawn(round)))
    case 'epidemic':
      return anew(round =>
        spec.draws === 'oracle'
          ? nearlyRegular(peers, spec.degree, drawn(round))
          : epidemicLocal(peers, spec.degree, peer => drawn(round, peer), drawn(round)),
      )
    case 'equitopo':
      return fixed(equiTopo(peers, spec.offsets, spec.directed, drawn()))
    case 'one-peer-equitopo':
      return anew(round => onePeerEquiTopo(peers, spec.theta, spec.directed, drawn(round)))
    case 'edges':
      return fixed(explicit(peers, spec.edges))
  }
}

function fixed(graph: Graph, arrangement: Arrangement = 'circle'): Built {
  return { period: 1, graphAt: () => graph, unite: () => graph, arrangement }
}

function inTurn(graphs: readonly Graph[]): Built {
  const [first, ...others] = graphs as [Graph, ...Graph[]]
  if (others.length === 0) return fixed(first)
  return {
    period: graphs.length,
    graphAt: round => graphs[round % graphs.length]!,
    unite: () => unionOf([first, ...others]),
  }
}

/** Graphs of this many rounds are held: peers of a simulation ask for the same ones, some a few rounds ahead. */
const heldLimit = 64

/** Graphs that never repeat, each drawn when it is asked for. Everybody may meet everybody. */
function anew(draw: (round: number) => Graph): Built {
  const graphAt = held(heldLimit, draw)
  const { peers, directed } = graphAt(0)
  return {
    period: peers === 1 ? 1 : Number.POSITIVE_INFINITY,
    graphAt,
    unite() {
      const edges = fullEdges(peers)
      return createGraph(peers, directed ? [...edges, ...edges.map(([a, b]): Edge => [b, a])] : edges, directed)
    },
  }
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
