import {
  createTopology,
  degrees,
  diameter,
  isDoublyStochastic,
  mixingMatrix,
  spectralGap,
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
  const perRound = built.period === 1 ? '' : `, each in one of ${built.period} graphs in turn`
  const sends = degrees(built.graphAt(0))
  const matrix = mixingMatrix(built.graphAt(0), built.weights)
  const rows: [string, string][] = [
    [
      'topology',
      `${built.name}, ${countOf(built.peers, 'peer')}, ${built.directed ? 'one-way' : 'both ways'}${perRound}`,
    ],
    [
      'weights',
      `${built.weights}${isDoublyStochastic(matrix) ? ', doubly stochastic' : ', not doubly stochastic: the mean drifts'}`,
    ],
    ['degree', range(sends)],
    ['diameter', String(diameter(union))],
    ['λ', lambda.toFixed(5)],
    ['spectral gap', gap.toFixed(5)],
  ]
  const drawing = drawGraph(union, { width: stdout.columns ?? 72, arrangement: built.arrangement })
  stdout.write(`${rows.map(([name, value]) => `${name.padEnd(14)}${value}`).join('\n')}\n\n${drawing}\n`)
  return 0
}
