import { HearsayError } from '../errors.js'
import { isSymmetric, type MixingRow, mixingMatrix, spectralGap, type Topology } from '../topology/index.js'
import type { Contribution } from './mix.js'

/**
 * What one peer merges in one gossip step: its own vector and those that came, sorted by peer with its own in its
 * place. All peers of a full graph thus add the same numbers in the same order.
 *
 * The weight of a neighbour whose vector did not come returns to oneself, so the weights still sum to 1; if none
 * came, the own vector is all there is, with weight 1 exactly. Vectors of peers that are not in the row are left out.
 *
 * @param row - this peer's row of the round's mixing matrix
 * @param self - this peer's number
 * @param received - vectors by peer
 */
export function contributions(
  row: MixingRow,
  self: number,
  own: Float32Array,
  received: ReadonlyMap<number, Float32Array>,
): Contribution[] {
  let ownWeight = row.self
  const merged: Contribution[] = []
  for (const { peer, weight } of row.from) {
    const values = received.get(peer)
    if (values === undefined) ownWeight += weight
    else merged.push({ peer, weight, values })
  }
  // What was split by weights that sum to 1 only up to rounding is whole again.
  if (merged.length === 0) ownWeight = 1
  const place = merged.findIndex(({ peer }) => peer > self)
  merged.splice(place < 0 ? merged.length : place, 0, { peer: self, weight: ownWeight, values: own })
  return merged
}

/**
 * Σ_j w_ij ‖x_i − x_j‖²: what one peer alone can see of the consensus distance. A neighbour whose vector is not merged
 * adds nothing, its weight being with oneself.
 *
 * @param squares - ‖x_i − x_j‖² by peer
 */
export function localDistance({ from }: MixingRow, squares: ReadonlyMap<number, number>): number {
  return from.reduce((total, { peer, weight }) => total + weight * (squares.get(peer) ?? 0), 0)
}

/** One step of Chebyshev gossip: z[q+1] = current · W z[q] − previous · z[q−1]. */
export interface ChebyshevStep {
  readonly current: number
  readonly previous: number
}

/**
 * The factors of Chebyshev gossip (ALGORITHMS.md 3.2), one pair per step; the first step is plain gossip.
 *
 * With T_q = T_q(1/λ) they are 2T_q/(λT_{q+1}) and T_{q−1}/T_{q+1}, which differ by exactly 1, and that keeps the mean.
 * T_q grows without bound as λ falls (and is undefined at λ = 0, the full graph), so this computes the first factor ω
 * itself: 1/ω_{q+1} = 1 − λ²ω_q/4, ω_1 = 2, from the three-term recurrence of T divided by T_q. At λ = 0 all steps are
 * plain gossip.
 *
 * @param lambda - of the mixing matrix in use; at least 0 and below 1. Underestimated, the steps can amplify.
 * @param steps - gossip steps in a round
 * @throws RangeError for a λ outside [0, 1): such a graph never agrees
 */
export function chebyshevSteps(lambda: number, steps: number): readonly ChebyshevStep[] {
  if (!(lambda >= 0 && lambda < 1)) throw new RangeError(`λ must be at least 0 and below 1, not ${lambda}`)
  const factors: ChebyshevStep[] = []
  let omega = 2
  for (let step = 0; step < steps; step++) {
    if (step === 0) {
      factors.push({ current: 1, previous: 0 })
      continue
    }
    const share = (lambda * lambda * omega) / 4
    const previous = share / (1 - share)
    omega = 1 + previous
    factors.push({ current: omega, previous })
  }
  return factors
}

/**
 * By how much at most Q steps of Chebyshev gossip leave the distance to the mean: 1/T_Q(1/λ). Plain gossip leaves λ^Q.
 */
export function chebyshevContraction(lambda: number, steps: number): number {
  return lambda === 0 ? (steps === 0 ? 1 : 0) : 1 / Math.cosh(steps * Math.acosh(1 / lambda))
}

/**
 * Turns the contributions of a plain gossip step into those of a Chebyshev step; {@link mix} does the rest, in slices
 * if need be. `out` of that mix may be `previous`, so a peer needs two vectors of its own and no third.
 *
 * Should a neighbour's vector be missing, finish the round with plain gossip instead: the λ that the factors were
 * made for is then no longer that of the matrix.
 *
 * @param plain - as {@link contributions} gives them for z[q]
 * @param self - this peer's number
 * @param previous - z[q−1]; not looked at in the first step
 */
export function accelerated(
  plain: readonly Contribution[],
  step: ChebyshevStep,
  self: number,
  previous: Float32Array,
): Contribution[] {
  const scaled = plain.map(({ peer, weight, values }) => ({ peer, weight: step.current * weight, values }))
  return step.previous === 0 ? scaled : [...scaled, { peer: self, weight: -step.previous, values: previous }]
}

/**
 * The λ for Chebyshev gossip on a topology.
 *
 * @throws {@link HearsayError} `MANIFEST` where acceleration is not allowed: the graphs change from round to round or
 * the weights are not symmetric
 */
export function chebyshevLambda(topology: Topology): number {
  const needs = 'merge.acceleration: chebyshev needs a graph that stays the same, with symmetric weights'
  if (topology.period > 1) {
    throw new HearsayError('MANIFEST', `${needs}; the graph of topology ${topology.name} changes: use plain`)
  }
  if (!isSymmetric(mixingMatrix(topology.graphAt(0), topology.weights))) {
    const remedy = topology.directed ? 'use plain' : 'use plain, or weights: metropolis-hastings'
    throw new HearsayError(
      'MANIFEST',
      `${needs}; the weights of topology ${topology.name} are not symmetric: ${remedy}`,
    )
  }
  return spectralGap(topology).lambda
}
