import * as z from 'zod'
import { nearestFirst, ownAndMean } from './accepted.js'
import { alpha } from './fields.js'
import type { RuleSection, WeighingRule } from './rule.js'

interface Section extends RuleSection {
  readonly gamma: number
  readonly kappa: number
  readonly alpha: number
}

/**
 * BALANCE: accepts j where ‖z_j − z_i‖ ≤ γ·e^(−κt/T)·‖z_i‖. Where nobody is accepted the own vector stays as it is, and
 * never "the nearest": a peer with one hostile neighbour would take it always.
 */
export const balance: WeighingRule<Section> = {
  name: 'balance',
  says: 'only neighbours near by the own norm, nearer every round',
  paper: { title: 'Byzantine-Robust Decentralized Federated Learning', arxiv: '2406.10416' },
  schema: z.strictObject({
    rule: z.literal('balance'),
    // Re-implementations have 0.3 to 2. In honest runs (docs/belief.md) heads lie up to half the own norm apart.
    gamma: z.number().min(0).default(1).meta({ says: 'γ: in units of the own norm, how far away a vector may lie' }),
    kappa: z.number().min(0).max(100).default(1).meta({ says: 'κ: by e^−κ it is less at the end of the run' }),
    alpha,
  }),
  needed: () => 1,
  measures: 'near',
  weigh({ gamma, kappa, alpha }, council) {
    const reach = gamma * Math.exp(-kappa * council.progress) * council.norm
    const nearest = nearestFirst(council)
    const accepted = nearest.filter(place => council.near[place]! <= reach)
    const apart = nearest.map(place => council.near[place]! / council.norm)
    return { ...ownAndMean(council, alpha, accepted), radius: { field: 'gamma', apart } }
  },
}
