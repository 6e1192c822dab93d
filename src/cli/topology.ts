import {
  createTopology,
  degrees,
  diameter,
  graphsOf,
  isDoublyStochastic,
  mixingMatrix,
  spectralGap,
  type Topology,
  topologySchema,
} from '../topology/index.js'
import { validate } from '../validation.js'
import { countOf, drawGraph, range } from '../watch/index.js'
import type { Run } from './command.js'
import { topologyOf } from './kinds.js'

interface TopologyOptions {
  readonly peers?: number
  readonly seed: number
}

/** As many as a manifest has that states no number. */
const usualPeers = 8

export const run: Run<TopologyOptions> = async ([graph], flags, { stdout }) => {
  const { spec, peers = usualPeers } = await topologyOf(graph!)
  const built = createTopology(
    validate(topologySchema, spec, `topology ${graph}`, 'TOPOLOGY'),
    flags.peers ?? peers,
    flags.seed,
  )
  const { union } = built
  const { lambda, gap } = spectralGap(built)
  const graphs = graphsOf(built)
  const keepsMean = graphs.every(graph => isDoublyStochastic(mixingMatrix(graph, built.weights)))
  const weights = built.weights === 'own' ? 'of its own' : built.weights
  const rows: [string, string][] = [
    [
      'topology',
      `${built.name}, ${countOf(built.peers, 'peer')}, ${built.directed ? 'one-way' : 'both ways'}${changing(built)}`,
    ],
    ['weights', `${weights}${keepsMean ? ', doubly stochastic' : ', not doubly stochastic: the mean drifts'}`],
    ['degree', range(graphs.flatMap(degrees))],
    ['diameter', String(diameter(union))],
    ['λ', `${lambda.toFixed(5)}${over(built, graphs.length)}`],
    ['spectral gap', gap.toFixed(5)],
  ]
  const drawing = drawGraph(union, { width: stdout.columns ?? 72, arrangement: built.arrangement })
  stdout.write(`${rows.map(([name, value]) => `${name.padEnd(14)}${value}`).join('\n')}\n\n${drawing}\n`)
  return 0
}

function changing({ period }: Topology): string {
  if (period === 1) return ''
  return period === Number.POSITIVE_INFINITY ? ', drawn anew each round' : `, each in one of ${period} graphs in turn`
}

/** Of what λ is a mean. */
function over({ period }: Topology, rounds: number): string {
  if (period === 1) return ''
  return period === Number.POSITIVE_INFINITY
    ? ` a round, over the first ${rounds}`
    : ` a round, over a cycle of ${rounds}`
}
