import * as z from 'zod'

/** ε above which a promise of privacy says nothing. */
const budgetLimit = 1000

const delta = z.number().positive().max(0.01).optional()
const clip = z.number().positive().max(1e6).default(1)
const noise = z.number().positive().max(1000).optional()

/** What a peer's records may cost in privacy (ALGORITHMS-2.md 3); docs/privacy.md has what is promised, and what is not. */
const record = z
  .strictObject({
    of: z.literal('record').optional(),
    budget: z.number().positive().max(budgetLimit).meta({
      says: 'ε: how much of any one record the others may learn; the peer stops training in time',
      example: 8,
    }),
    delta: delta.meta({
      says: 'δ: how likely ε may fail; left out, 1e-5, or a tenth of one by the own records',
      example: 1e-5,
    }),
    clip: clip.meta({ says: "R: bound on one record's gradient; the first round says how long they are" }),
    noise: z.number().positive().max(100).optional().meta({
      says: 'σ: deviation of the noise, in units of clip; left out, the least that suffices for all rounds',
      example: 1.1,
    }),
  })
  .meta({ says: 'Each of its records, by noise in every step; the usual one' })

/** What a peer's contributions may cost (DECOR, arXiv 2405.01031; ALGORITHMS-2.md 3.5). */
const contribution = z
  .strictObject({
    of: z.literal('contribution'),
    budget: z.number().positive().max(budgetLimit).meta({
      says: 'ε: how much of all that a peer contributes the others may learn; the peer stops training in time',
      example: 8,
    }),
    delta: delta.meta({ says: 'δ: how likely ε may fail; left out, 1e-5', example: 1e-5 }),
    clip: clip.meta({
      says: "C: bound on how far a round's training moves what is shared; the first round says how far",
    }),
    noise: noise.meta({
      says: "Deviation of a peer's own noise, in units of clip; left out, the least that suffices for all rounds",
      example: 1.5,
    }),
    pairNoise: z.number().min(0).max(100).default(3).meta({
      says: 'Deviation of the noise that it shares with each neighbour and that cancels, in units of noise; 0 for none',
    }),
  })
  .meta({
    says: 'All that it contributes, by noise on what it hands over, part of which cancels among neighbours',
    paper: 'The Privacy Power of Correlated Noise in Decentralized Learning, arXiv 2405.01031',
  })

export const privacySchema = z.discriminatedUnion('of', [record, contribution])

/** The manifest's section `privacy`. */
export type PrivacySpec = z.output<typeof privacySchema>
export type RecordPrivacy = z.output<typeof record>
export type ContributionPrivacy = z.output<typeof contribution>
