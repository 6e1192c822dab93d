import * as z from 'zod'
import { type TolerantSection, tolerate } from './fields.js'
import type { RankingRule } from './rule.js'

/** Of the numbers at each place the middle one; of an even count the mean of the two in the middle. */
export const median: RankingRule<TolerantSection> = {
  name: 'median',
  says: 'of every number the median',
  paper: { title: 'Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates', arxiv: '1803.01498' },
  schema: z.strictObject({ rule: z.literal('median'), tolerate }),
  needed: (_, liars) => 2 * liars + 1,
  ranks: (_, count) => [Math.floor((count - 1) / 2), Math.floor(count / 2) + 1],
}
