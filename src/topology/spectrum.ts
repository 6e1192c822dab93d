import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { isSymmetric, type MixingRow, mixingMatrix } from './mixing.js'
import type { Weights } from './schema.js'
import { graphsOf, type Topology } from './topology.js'

/** How fast a topology brings the peers together. */
export interface SpectralGap {
  /** λ: by this factor one gossip step shrinks the distance to the mean, at least. 0 averages exactly. */
  readonly lambda: number
  /** 1 − λ. */
  readonly gap: number
}

/**
 * λ and 1 − λ of a topology; of a time-varying one per round, over its whole cycle, or over the first 16 rounds where
 * its graphs never repeat.
 *
 * @param weights - left out, those of the topology
 */
export function spectralGap(topology: Topology, weights: Weights = topology.weights): SpectralGap {
  const lambda = contraction(graphsOf(topology).map(graph => mixingMatrix(graph, weights)))
  return { lambda, gap: 1 - lambda }
}

/**
 * λ of one or more gossip steps in a row (ALGORITHMS.md 3.2): the largest singular value of W − 11ᵀ/m, and for B
 * matrices (the λ of their product)^(1/B), a mean per round.
 *
 * Below rounding (m·2⁻⁵², what a decomposition can distinguish from zero) it is 0: the B-th root would turn mere
 * rounding into 0.0001. Where every peer has the same place (rings, exponential and full graphs) it costs m times
 * one peer's edges; elsewhere m³: about 10 ms for 100 peers, 0.1 s for 256 and 7 to 12 s for 1024, measured.
 *
 * @param matrices - in the order of the rounds
 */
export function contraction(matrices: readonly (readonly MixingRow[])[]): number {
  const peers = matrices[0]?.length ?? 0
  if (peers <= 1) return 0
  const spectrum = matrices.every(isCirculant) ? circulantSpectrum(matrices) : decomposed(matrices)
  const lambda = spectrum.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return lambda <= peers * Number.EPSILON ? 0 : lambda ** (1 / matrices.length)
}

/** The sizes of the singular values of the product of the matrices, less 1/m throughout. */
function decomposed(matrices: readonly (readonly MixingRow[])[]): number[] {
  const disagreement = mixingProduct(matrices).sub(1 / matrices[0]!.length)
  // Those of a symmetric matrix are its eigenvalues' sizes; those of any other, M, the roots of the eigenvalues of MᵀM.
  // The largest loses nothing by that, and QL ends on whatever is symmetric; the library's singular value decomposition
  // may not on mere rounding, as a cycle of base-k leaves it.
  if (matrices.length === 1 && isSymmetric(matrices[0]!)) return eigenvaluesOf(disagreement)
  return eigenvaluesOf(disagreement.transpose().mmul(disagreement)).map(square => Math.sqrt(Math.max(0, square)))
}

function eigenvaluesOf(symmetric: Matrix): number[] {
  return new EigenvalueDecomposition(symmetric, { assumeSymmetric: true }).realEigenvalues
}

/** Is each row the one before it, moved on by one peer? */
function isCirculant(matrix: readonly MixingRow[]): boolean {
  const peers = matrix.length
  const [first] = matrix as [MixingRow]
  const weights = new Map(first.from.map(({ peer, weight }) => [peer, weight]))
  return matrix.every(
    (row, place) =>
      row.self === first.self &&
      row.from.length === weights.size &&
      row.from.every(({ peer, weight }) => weights.get((peer - place + peers) % peers) === weight),
  )
}

/**
 * The same of circulant matrices, which are normal and share their eigenvectors, the waves around the circle: the
 * singular values of the product are the products of the eigenvalues' sizes. 1/m takes the wave of length 0 away.
 */
function circulantSpectrum(matrices: readonly (readonly MixingRow[])[]): number[] {
  const peers = matrices[0]!.length
  const wave = Array.from({ length: peers }, (_, step) => (2 * Math.PI * step) / peers)
  const cos = wave.map(Math.cos)
  const sin = wave.map(Math.sin)
  return Array.from({ length: peers - 1 }, (_, k) =>
    matrices.reduce((size, [first]) => {
      let [re, im] = [first!.self, 0]
      for (const { peer, weight } of first!.from) {
        const step = ((k + 1) * peer) % peers
        re += weight * cos[step]!
        im += weight * sin[step]!
      }
      return size * Math.hypot(re, im)
    }, 1),
  )
}

/** W_{B−1} … W_1 W_0 as a full matrix: what B gossip steps in a row do. */
export function mixingProduct(matrices: readonly (readonly MixingRow[])[]): Matrix {
  const peers = matrices[0]?.length ?? 0
  let product = Matrix.eye(peers)
  for (const matrix of matrices) {
    const next = Matrix.zeros(peers, peers)
    for (const [peer, row] of matrix.entries()) {
      for (const { peer: other, weight } of [{ peer, weight: row.self }, ...row.from]) {
        for (let k = 0; k < peers; k++) next.set(peer, k, next.get(peer, k) + weight * product.get(other, k))
      }
    }
    product = next
  }
  return product
}
