import type { Graph } from './graph.js'
import type { Weights } from './schema.js'

/** What one peer gives to the vectors it merges: row i of the mixing matrix, without its zeros. */
export interface MixingRow {
  readonly self: number
  /** Sorted by peer. */
  readonly from: readonly { readonly peer: number; readonly weight: number }[]
}

/**
 * The mixing matrix W of a graph (ALGORITHMS.md 3.1), one row per peer.
 *
 * - `uniform`: 1/(1+d) to oneself and each of the d peers one receives from. Doubly stochastic only where these are
 *   equally many for all; elsewhere rows sum to 1 and columns do not, so well-connected peers count for more and the
 *   mean of the models drifts. {@link isDoublyStochastic} checks it.
 * - `metropolis-hastings`: w_ij = 1/(1+max(d_i, d_j)), the rest to oneself. Symmetric and doubly stochastic on every
 *   undirected graph.
 * - `own`: those that the graph brings along.
 *
 * A graph that names weights of its own is weighted by these.
 *
 * @throws RangeError for Metropolis and Hastings on a directed graph, and for weights that the graph does not have; the
 *   manifest's schema lets neither through
 */
export function mixingMatrix(graph: Graph, weights: Weights): readonly MixingRow[] {
  return Array.from({ length: graph.peers }, (_, peer) => mixingRow(graph, weights, peer))
}

/** One row of {@link mixingMatrix}, which costs no more than the peer has neighbours. */
export function mixingRow(graph: Graph, ofTopology: Weights, peer: number): MixingRow {
  const weights = graph.weights ?? ofTopology
  if (weights === 'metropolis-hastings' && graph.directed) {
    throw new RangeError('Metropolis-Hastings weights need an undirected graph')
  }
  const neighbours = graph.receivesFrom(peer)
  if (weights === 'own') {
    if (graph.weightOf === undefined) throw new RangeError('the graph has no weights of its own')
    const from = neighbours.map(other => ({ peer: other, weight: graph.weightOf!(other, peer) }))
    return { self: 1 - from.reduce((sum, { weight }) => sum + weight, 0), from }
  }
  const equal = 1 / (1 + neighbours.length)
  if (weights === 'uniform') return { self: equal, from: neighbours.map(other => ({ peer: other, weight: equal })) }
  const from = neighbours.map(other => ({
    peer: other,
    weight: 1 / (1 + Math.max(neighbours.length, graph.receivesFrom(other).length)),
  }))
  // 1 − Σ w_ij, written so that equal degrees give exactly 1/(1+d): on the full graph all peers then sum the same
  // products and end with the same bits.
  return { self: from.reduce((sum, { weight }) => sum + (equal - weight), equal), from }
}

/**
 * What a peer keeps and receives where senders split what they have (push-sum, ALGORITHMS.md 3.3): the columns of the
 * matrix sum to 1, its rows need not. Each splits in equal parts for itself and those it sends to, or by the weights
 * that the graph brings.
 */
export function splitRow(graph: Graph, peer: number): MixingRow {
  const share = (from: number, to: number): number =>
    graph.weightOf === undefined ? 1 / (1 + graph.sendsTo(from).length) : graph.weightOf(from, to)
  const given = graph.sendsTo(peer).reduce((sum, to) => sum + share(peer, to), 0)
  return {
    self: 1 - given,
    from: graph.receivesFrom(peer).map(other => ({ peer: other, weight: share(other, peer) })),
  }
}

/**
 * Does every column sum to 1 as every row does? Only then does gossip keep the mean of all models.
 *
 * @param tolerance - for the rounding of sums of up to a thousand weights
 */
export function isDoublyStochastic(matrix: readonly MixingRow[], tolerance = 1e-12): boolean {
  const columns = new Float64Array(matrix.length)
  for (const [peer, row] of matrix.entries()) {
    columns[peer]! += row.self
    let sum = row.self
    for (const { peer: other, weight } of row.from) {
      columns[other]! += weight
      sum += weight
    }
    if (Math.abs(sum - 1) > tolerance) return false
  }
  return columns.every(sum => Math.abs(sum - 1) <= tolerance)
}

/** Is w_ij = w_ji throughout? Chebyshev gossip needs it. */
export function isSymmetric(matrix: readonly MixingRow[]): boolean {
  return matrix.every((row, peer) =>
    row.from.every(({ peer: other, weight }) => {
      const back = matrix[other]!.from.find(entry => entry.peer === peer)
      return back?.weight === weight
    }),
  )
}
