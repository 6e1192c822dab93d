import { held } from '../held.js'
import { random } from '../random.js'
import { drawnIn, type ExchangeSpec, endsMerged } from './exchange-schema.js'
import { finalSteps } from './final.js'
import { createGraph, type Graph, unionOf } from './graph.js'
import { drawnPairs, drawnPartners } from './partners.js'
import { createSchedule } from './schedule.js'
import type { TopologySpec } from './schema.js'
import { createTopology, type Topology } from './topology.js'

/** What of a manifest decides who hears whom, and when. */
export interface ScheduledSpec {
  readonly topology: TopologySpec
  readonly exchange: ExchangeSpec
  /** Of the whole run. */
  readonly rounds: number
  readonly seed: number
}

/** Drawn graphs that are remembered: peers of one process ask for the same few rounds. */
const drawnKept = 8

/**
 * The topology of a run whose exchanges follow a schedule. A round without exchange is silent for everybody, and one in
 * which a peer has drawn nobody, and nobody it, for that peer. Graphs that take turns do so from exchange to exchange.
 *
 * @throws {@link HearsayError} `TOPOLOGY` when so many peers cannot be joined in this way
 */
export function createScheduled({ topology, exchange, rounds, seed }: ScheduledSpec, peers: number): Topology {
  const usual = createTopology(topology, peers, seed)
  const schedule = createSchedule(exchange, rounds)
  const dense = exchange.when === 'window' ? createTopology(exchange.dense, peers, seed) : undefined
  const { partners, pairs } = drawnIn(exchange)
  const usualAt = (round: number): Graph => usual.graphAt(schedule.exchangesBefore(round))
  const drawnAt = held(drawnKept, (round: number) => {
    const rng = random(seed, 'exchange/partners', peers, round)
    return pairs ? drawnPairs(usualAt(round), partners!, rng) : drawnPartners(usualAt(round), partners!, rng)
  })

  function graphAt(round: number): Graph {
    if (schedule.at(round) === 'dense') {
      return { ...dense!.graphAt(schedule.exchangesBefore(round)), weights: dense!.weights }
    }
    return partners === undefined ? usualAt(round) : drawnAt(round)
  }

  const changes = partners !== undefined || dense !== undefined
  const every = exchange.when === 'every' ? exchange.rounds : 1
  const { name, weights, arrangement } = usual
  let union: Graph | undefined
  return {
    name,
    peers,
    weights,
    arrangement,
    directed: usual.directed || dense?.directed === true || (partners !== undefined && !pairs),
    // Graphs that take turns do so from exchange to exchange.
    period: changes ? Number.POSITIVE_INFINITY : usual.period === 1 ? 1 : usual.period * every,
    graphAt,
    isSilent(round, peer) {
      const kind = schedule.at(round)
      if (kind === 'silent') return true
      if (kind === 'dense' || partners === undefined) return false
      const graph = graphAt(round)
      return graph.receivesFrom(peer).length + graph.sendsTo(peer).length === 0
    },
    get union() {
      union ??= joined(peers, [
        ...(exchange.when === 'once' || partners === 0 ? [] : [usual.union]),
        ...(dense === undefined ? [] : [dense.union]),
        ...(endsMerged(exchange) ? finalSteps(peers).map(({ graph }) => graph) : []),
      ])
      return union
    },
  }
}

/**
 * The graphs that a run's exchanges take place on, each for itself: for what must hold on every one.
 *
 * @throws {@link HearsayError} `TOPOLOGY` as {@link createScheduled}
 */
export function usedTopologies({ topology, exchange, seed }: Omit<ScheduledSpec, 'rounds'>, peers: number): Topology[] {
  const specs = [topology, ...(exchange.when === 'window' ? [exchange.dense] : [])]
  return specs.map(spec => createTopology(spec, peers, seed))
}

/** Whoever hears whom in some graph. @param graphs - as directed ones where some are */
function joined(peers: number, graphs: readonly Graph[]): Graph {
  const [first, ...others] = graphs
  if (first === undefined) return createGraph(peers, [])
  if (others.length === 0) return first
  if (graphs.every(({ directed }) => !directed)) return unionOf([first, ...others])
  const edges = graphs.flatMap(graph =>
    graph.edges.flatMap(([from, to]) =>
      graph.directed
        ? [[from, to] as const]
        : ([
            [from, to],
            [to, from],
          ] as const),
    ),
  )
  return createGraph(peers, edges, true)
}
