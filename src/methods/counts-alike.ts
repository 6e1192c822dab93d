import { graphsOf, isDoublyStochastic, mixingMatrix, type Topology } from '../topology/index.js'

/**
 * What to use instead where the weights of some graph do not count every peer alike, so that the mean of all drifts.
 *
 * @returns undefined where those of all graphs do
 */
export function remedyOfUnlike(topology: Topology): string | undefined {
  const { weights, directed } = topology
  if (graphsOf(topology).every(graph => isDoublyStochastic(mixingMatrix(graph, weights)))) return undefined
  return directed ? 'a topology whose edges go both ways' : 'weights: metropolis-hastings'
}
