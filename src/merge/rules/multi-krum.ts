import * as z from 'zod'
import { peersLimit } from '../../topology/index.js'
import { type TolerantSection, tolerate } from './fields.js'
import type { WeighingRule } from './rule.js'

interface Section extends TolerantSection {
  readonly k: number
}

/** The mean of the k vectors with the least score; k = 1 is Krum. */
export const multiKrum: WeighingRule<Section> = {
  name: 'multi-krum',
  says: 'the mean of the k vectors that lie closest together',
  paper: { title: 'Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent', arxiv: '1703.02757' },
  schema: z.strictObject({
    rule: z.literal('multi-krum'),
    k: z.int().min(1).max(peersLimit).default(3).meta({ says: 'k: how many vectors are averaged; 1 is Krum' }),
    tolerate,
  }),
  // One of k vectors is a liar's for sure where no more than b others are left.
  needed: ({ k }, liars) => Math.max(2 * liars + 3, k + liars),
  measures: 'pairs',
  weigh({ k }, { asked, squares, liars }) {
    const scores = krumScores(squares, liars)
    const chosen = new Set([...scores.keys()].sort((a, b) => scores[a]! - scores[b]! || a - b).slice(0, k))
    return { weights: asked.map((_, place) => (chosen.has(place) ? 1 / k : 0)) }
  },
}

/**
 * Of each vector the sum of the squared distances to the n − b − 2 nearest others. Published code squares distances that
 * are squares already, or adds the chosen vectors up without dividing: neither is Krum.
 */
export function krumScores(squares: readonly (readonly number[])[], liars: number): number[] {
  const nearest = squares.length - liars - 2
  return squares.map((row, place) => {
    const others = row.filter((_, other) => other !== place).sort((a, b) => a - b)
    return others.slice(0, nearest).reduce((sum, square) => sum + square, 0)
  })
}
