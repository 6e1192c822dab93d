import * as z from 'zod'
import type { ManifestFacts, Method, Problem } from './method.js'

/** How heads are hidden in sums (ALGORITHMS-2.md 4); docs/privacy.md has what is promised, and what is not. */
const section = z.strictObject({
  dropout: z.enum(['void']).default('void').meta({
    says: 'Where a sender is missing, void: the receiver keeps its own head in that round',
  }),
  allowPairs: z.boolean().default(false).meta({
    says: 'May a sum be of two heads? Either sender, if it helps the receiver, then gives away the other',
  }),
})

/** `true` for the section with its defaults. */
export const masksSchema = z
  .preprocess((input: true | z.input<typeof section>) => (input === true ? {} : input), section)
  .meta({ word: true })

/** The manifest's section `masks`. */
export type MasksSection = z.output<typeof section>

/** How many heads a sum must be of, at least. */
export function leastSenders({ allowPairs }: MasksSection): number {
  return allowPairs ? 2 : 3
}

/** The axes of a manifest that masks have needs of, beside its method's. */
export interface MaskedAxes extends Pick<ManifestFacts, 'mode' | 'believe'> {
  readonly encoding?: string | undefined
}

/** What masks do not go with, and why. */
export function maskProblems({ needs, name }: Method, { mode, believe, encoding = 'f32' }: MaskedAxes): Problem[] {
  const problems: Problem[] = []
  const refuse = (field: string, message: string): void => {
    problems.push({ path: [field], message: `does not go with masks, ${message}` })
  }
  if (needs.sums !== true) {
    problems.push({
      path: ['masks'],
      message: `does not go with merge: ${name}, which needs heads one by one; use dfedavg or dfedsam, or remove it`,
    })
  }
  if (mode === 'async') refuse('mode', 'where a sum is of one round; use sync')
  if (believe !== undefined) refuse('believe', 'which leave no single head to judge; remove one of the two')
  if (encoding !== 'f32') refuse('encoding', 'whose numbers travel in fixed point; remove it')
  return problems
}
