import * as z from 'zod'
import { combinedAgain } from './affine.js'
import { type TolerantSection, tolerate } from './fields.js'
import type { InPieces, WeighingRule } from './rule.js'

/**
 * Steps of Weiszfeld's iteration. The paper's code takes 8, from 0; from the own vector, whose weight is at first 1/ν,
 * the way among a few vectors is longer. A step costs n² multiplications, as the distances follow from each other.
 */
const steps = 64

/** ν in units of the median distance: below it a vector pulls no harder the nearer it is. */
const smoothing = 1e-3

/** The point with the least sum of distances to the vectors, by the smoothed Weiszfeld iteration from the own one. */
export const geometricMedian: WeighingRule<TolerantSection> = {
  name: 'geometric-median',
  says: 'the point with the least sum of distances',
  paper: { title: 'Robust Aggregation for Federated Learning', arxiv: '1912.13445' },
  schema: z.strictObject({ rule: z.literal('geometric-median'), tolerate }),
  needed: (_, liars) => 2 * liars + 1,
  measures: 'pairs',
  async weigh(_, { self, squares, near, inPieces }) {
    const others = near.filter((_, place) => place !== self).sort((a, b) => a - b)
    const start = near.map((_, place) => (place === self ? 1 : 0))
    // Where it is 0, half of the others are equal to the own vector, and so is the median.
    const usual = others[Math.floor((others.length - 1) / 2)] ?? 0
    return { weights: usual === 0 ? start : await weiszfeld(squares, start, steps, smoothing * usual, inPieces) }
  },
}

/**
 * v ← Σ β_j z_j / Σ β_j with β_j = 1/max(ν, ‖z_j − v‖), so many times.
 *
 * @param start - v as weights of the vectors
 * @returns the last v, likewise
 */
export function weiszfeld(
  squares: readonly (readonly number[])[],
  start: readonly number[],
  steps: number,
  nu: number,
  inPieces: InPieces,
): Promise<number[]> {
  const next = (_: readonly number[], distances: readonly number[]): number[] => {
    const pulls = distances.map(distance => 1 / Math.max(nu, distance))
    const total = pulls.reduce((sum, pull) => sum + pull, 0)
    return pulls.map(pull => pull / total)
  }
  return combinedAgain(squares, start, steps, next, inPieces)
}
