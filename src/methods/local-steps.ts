import * as z from 'zod'
import type { LocalMethod } from './local-plan.js'
import type { MethodSection } from './method.js'

/** ρ of methods that take plain steps unless they are asked to. */
export const rhoField = z
  .number()
  .min(0)
  .max(10)
  .default(0)
  .meta({ says: 'Radius of SAM; 0 is plain SGD', example: 0.01 })

/** The section of a method whose local steps may be any: its own part comes after them. */
export interface StepsSection extends MethodSection {
  readonly rho: number
  readonly momentum: number
}

export const stepFields = {
  rho: rhoField,
  momentum: z.number().min(0).lt(1).default(0).meta({
    says: 'Of local training, starting at zero every round: from 0 up to below 1',
    example: 0.9,
  }),
}

/** Baselines of peers alone take the same steps. */
export const localSteps = ({ rho, momentum }: StepsSection): LocalMethod => ({ rho, momentum, oneStep: false })
