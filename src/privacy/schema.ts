import * as z from 'zod'

/** ε above which a promise of privacy says nothing. */
const budgetLimit = 1000

/** What a peer's records may cost in privacy (ALGORITHMS-2.md 3); docs/privacy.md has what is promised, and what is not. */
export const privacySchema = z.strictObject({
  budget: z.number().positive().max(budgetLimit).meta({
    says: 'ε: how much of any one record the others may learn; the peer stops training in time',
    example: 8,
  }),
  delta: z.number().positive().max(0.01).optional().meta({
    says: 'δ: how likely ε may fail; left out, 1e-5, or a tenth of one by the own records',
    example: 1e-5,
  }),
  clip: z.number().positive().max(1e6).default(1).meta({
    says: "R: bound on one record's gradient; the first round says how long they are",
  }),
  noise: z.number().positive().max(100).optional().meta({
    says: 'σ: deviation of the noise, in units of clip; left out, the least that suffices for all rounds',
    example: 1.1,
  }),
})

/** The manifest's section `privacy`. */
export type PrivacySpec = z.output<typeof privacySchema>
