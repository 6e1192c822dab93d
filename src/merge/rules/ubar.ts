import * as z from 'zod'
import { nearestFirst, ownAndMean } from './accepted.js'
import { alpha } from './fields.js'
import type { RuleSection, WeighingRule } from './rule.js'

interface Section extends RuleSection {
  readonly rho: number
  readonly alpha: number
}

/**
 * UBAR: of the ⌊ρ·(n − 1)⌋ nearest, those whose loss on own samples is not above one's own. Where there are none the own
 * vector stays as it is; published code takes the nearest.
 */
export const ubar: WeighingRule<Section> = {
  name: 'ubar',
  says: 'the nearest neighbours that are no worse on own samples',
  paper: { title: 'Byzantine-resilient Decentralized Stochastic Gradient Descent', arxiv: '2002.08569' },
  schema: z.strictObject({
    rule: z.literal('ubar'),
    rho: z.number().gt(0).max(1).default(0.5).meta({ says: 'ρ: the share of the neighbours that is looked at' }),
    alpha,
  }),
  // Fewer neighbours than 1/ρ are a share of none.
  needed: ({ rho }) => 1 + Math.ceil(1 / rho),
  judges: 'heads',
  measures: 'near',
  async weigh({ rho, alpha }, council) {
    const nearest = nearestFirst(council).slice(0, Math.floor(rho * (council.asked.length - 1)))
    const own = await council.lossOf(council.self)
    const accepted: number[] = []
    for (const place of nearest) if ((await council.lossOf(place)) <= own) accepted.push(place)
    return ownAndMean(council, alpha, accepted)
  },
}
