import * as z from 'zod'
import { type TolerantSection, tolerate } from './fields.js'
import type { RankingRule } from './rule.js'

/** Of the numbers at each place the mean without the b largest and the b smallest. */
export const trimmedMean: RankingRule<TolerantSection> = {
  name: 'trimmed-mean',
  says: 'of every number the mean without the b largest and b smallest; to begin with, given 2b neighbours',
  paper: { title: 'Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates', arxiv: '1803.01498' },
  schema: z.strictObject({ rule: z.literal('trimmed-mean'), tolerate }),
  needed: (_, liars) => 2 * liars + 1,
  ranks: (_, count, liars) => [liars, count - liars],
}
