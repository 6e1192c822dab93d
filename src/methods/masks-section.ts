import * as z from 'zod'

/** How heads are hidden in sums (ALGORITHMS-2.md 4); docs/privacy.md has what is promised, and what is not. */
const section = z.strictObject({
  dropout: z.enum(['void', 'shares']).default('void').meta({
    says: 'Where a sender is missing: void (the receiver keeps its head), or shares (a quarter may be)',
  }),
  allowPairs: z.boolean().default(false).meta({
    says: 'May a sum be of two heads? Either sender, if it helps the receiver, then gives away the other',
  }),
})

/** `true` for the section with its defaults. */
export const masksSchema = z.union([z.literal(true).transform(() => section.parse({})), section])

/** The manifest's section `masks`. */
export type MasksSection = z.output<typeof section>

/** How many heads a sum must be of, at least. */
export function leastSenders({ allowPairs }: MasksSection): number {
  return allowPairs ? 2 : 3
}
