import * as z from 'zod'
import { tolerate } from './fields.js'
import type { RankingRule, RuleSection } from './rule.js'

interface Section extends RuleSection {
  readonly tolerate: number
}

/** Of the numbers at each place the mean without the b largest and the b smallest. */
export const trimmedMean: RankingRule<Section> = {
  name: 'trimmed-mean',
  says: 'of every number the mean without the b largest and the b smallest',
  paper: { title: 'Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates', arxiv: '1803.01498' },
  schema: z.strictObject({ rule: z.literal('trimmed-mean'), tolerate }),
  needed: (_, liars) => 2 * liars + 1,
  ranks: (_, count, liars) => [liars, count - liars],
}
