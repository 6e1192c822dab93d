import * as z from 'zod'
import { type StepsSection, stepFields } from './local-steps.js'

/** The section of a method that moves the anchor, where a round began, by the way that it has led: an outer step. */
export interface OuterSection extends StepsSection {
  readonly outerRate: number
  readonly outerMomentum: number
}

/** The fields of the inner steps. */
export const innerFields = {
  rho: stepFields.rho.meta({ says: 'Radius of SAM in the inner steps; 0 is plain SGD', example: 0.01 }),
  momentum: stepFields.momentum.meta({
    says: 'Of the inner steps, starting at zero every round: from 0 up to below 1',
    example: 0.9,
  }),
}

export const outerRateField = (outerRate: number) =>
  z.number().gt(0).max(1).default(outerRate).meta({
    says: 'η of the outer step: how much of a round’s way the model goes',
    example: 0.5,
  })

/** The fields of an outer step with momentum, and of the inner ones. */
export const outerFields = (outerMomentum: number) => ({
  ...innerFields,
  // arXiv 2311.08105 and 2506.10911 alike.
  outerRate: outerRateField(0.7),
  outerMomentum: z.number().min(0).lt(1).default(outerMomentum).meta({
    says: 'μ of the outer step, which goes on through all rounds: from 0 up to below 1',
    example: 0.3,
  }),
})
