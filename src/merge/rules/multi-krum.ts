import * as z from 'zod'
import { peersLimit } from '../../topology/index.js'
import { type TolerantSection, tolerate } from './fields.js'
import type { InPieces, WeighingRule } from './rule.js'

interface Section extends TolerantSection {
  readonly k: number | 'auto'
}

/**
 * The mean of the k vectors with the least score; k = 1 is Krum. The more are averaged, the less is left of what the honest
 * ones differ by, and n − b is the most that may all be honest.
 */
export const multiKrum: WeighingRule<Section> = {
  name: 'multi-krum',
  says: 'the mean of the k vectors that lie closest together',
  paper: { title: 'Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent', arxiv: '1703.02757' },
  schema: z.strictObject({
    rule: z.literal('multi-krum'),
    k: z
      .union([z.literal('auto'), z.int().min(1).max(peersLimit)])
      .default('auto')
      .meta({ says: 'k: how many vectors are averaged, 1 is Krum; auto: all but b', example: 3 }),
    tolerate,
  }),
  // One of k vectors is a liar's for sure where no more than b others are left.
  needed: ({ k }, liars) => Math.max(2 * liars + 3, k === 'auto' ? 0 : k + liars),
  measures: 'pairs',
  async weigh(section, { asked, squares, liars, inPieces }) {
    const k = section.k === 'auto' ? asked.length - liars : section.k
    const scores = await krumScores(squares, liars, inPieces)
    const chosen = new Set([...scores.keys()].sort((a, b) => scores[a]! - scores[b]! || a - b).slice(0, k))
    return { weights: asked.map((_, place) => (chosen.has(place) ? 1 / k : 0)) }
  },
}

/** Sorting numbers takes so many times as long as going over them. */
const sorting = 64

/**
 * Of each vector the sum of the squared distances to the n − b − 2 nearest others. Published code squares distances that
 * are squares already, or adds the chosen vectors up without dividing: neither is Krum.
 */
export async function krumScores(
  squares: readonly (readonly number[])[],
  liars: number,
  inPieces: InPieces,
): Promise<number[]> {
  const count = squares.length
  const scores: number[] = []
  await inPieces(count, sorting * count, place => {
    const others = squares[place]!.filter((_, other) => other !== place).sort((a, b) => a - b)
    scores.push(others.slice(0, count - liars - 2).reduce((sum, square) => sum + square, 0))
  })
  return scores
}
