import {
  createTopology,
  degrees,
  diameter,
  isDoublyStochastic,
  mixingMatrix,
  spectralGap,
  unionGraph,
} from '../topology/index.js'
import { countOf, drawGraph, range } from '../watch/index.js'
import type { Run } from './command.js'
import { manifestFrom, type RunFlags } from './run-flags.js'

export const run: Run<RunFlags> = async ([kind], flags, { stdout }) => {
  const manifest = await manifestFrom(undefined, { ...flags, topology: kind! })
  const built = createTopology(manifest.topology, manifest.peers, manifest.seed)
  const graph = unionGraph(built)
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
    ['diameter', String(diameter(graph))],
    ['λ', lambda.toFixed(5)],
    ['spectral gap', gap.toFixed(5)],
  ]
  const drawing = drawGraph(graph, { width: stdout.columns ?? 72, arrangement: built.arrangement })
  stdout.write(`${rows.map(([name, value]) => `${name.padEnd(14)}${value}`).join('\n')}\n\n${drawing}\n`)
  return 0
}
