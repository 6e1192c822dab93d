import * as z from 'zod'
import { peersLimit } from '../../topology/index.js'
import type { RuleSection } from './rule.js'

/** Fields that several rules have. */

/** b. */
export const tolerate = z.int().min(0).max(peersLimit).default(1).meta({
  says: 'b: how many of the vectors at a peer may lie',
})

/** τ. */
export const tau = z
  .union([z.literal('auto'), z.number().min(0)])
  .default('auto')
  .meta({ says: 'τ: how far one vector may pull; auto: as far as the (b + 1)-th farthest lies', example: 2.5 })

/** α of the rules that average what they accept with equal weights. */
export const alpha = z.number().min(0).max(1).default(0.5).meta({ says: 'α: the weight of the own vector' })

/** The section of a rule that stands against so many liars. */
export interface TolerantSection extends RuleSection {
  readonly tolerate: number
}

/** The section of a rule with a bound. */
export interface BoundSection extends TolerantSection {
  readonly tau: number | 'auto'
}
