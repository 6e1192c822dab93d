import * as z from 'zod'
import { combinedAgain } from './affine.js'
import { boundOf, clipped } from './bound.js'
import { type BoundSection, tau, tolerate } from './fields.js'
import type { InPieces, WeighingRule } from './rule.js'

interface Section extends BoundSection {
  readonly iterations: number
}

/** Centred clipping: v ← v + mean_j clip_τ(z_j − v), from the result of the last merge. */
export const centredClip: WeighingRule<Section> = {
  name: 'centred-clip',
  says: 'how far each vector pulls at the last merge is bounded',
  paper: { title: 'Learning from History for Byzantine Robust Optimization', arxiv: '2012.10333' },
  schema: z.strictObject({
    rule: z.literal('centred-clip'),
    tau,
    iterations: z.int().min(1).max(3).default(1).meta({ says: 'How many times' }),
    tolerate,
  }),
  needed: () => 1,
  measures: 'pairs',
  keepsCentre: true,
  async weigh(section, council) {
    const { squares, inPieces } = council
    const bound = boundOf(section.tau, squares.at(-1)!.slice(0, -1).map(Math.sqrt), council)
    return { weights: await centred(squares, bound, section.iterations, inPieces), bound }
  },
}

/**
 * @param squares - squared distances of the vectors, and of the centre behind them
 * @returns the last v, as weights of the vectors and of the centre
 */
export function centred(
  squares: readonly (readonly number[])[],
  bound: number,
  iterations: number,
  inPieces: InPieces,
): Promise<number[]> {
  const count = squares.length - 1
  const start = squares.map((_, place) => (place === count ? 1 : 0))
  const next = (weights: readonly number[], distances: readonly number[]): number[] => {
    const pulls = distances.slice(0, count).map(distance => clipped(distance, bound) / count)
    const left = 1 - pulls.reduce((sum, pull) => sum + pull, 0)
    return weights.map((weight, place) => left * weight + (pulls[place] ?? 0))
  }
  return combinedAgain(squares, start, iterations, next, inPieces)
}
