import * as z from 'zod'

/**
 * What is done about numbers that a codec loses (ALGORITHMS-2.md 5.1): fields of the section `encoding` beside the
 * codec's own.
 */
export const memoryFields = {
  memory: z.enum(['choco', 'feedback']).optional().meta({
    says: 'What the codec loses travels later: choco, which keeps the peers’ mean, or feedback; left out, it is lost',
    example: 'choco',
  }),
  gamma: z.number().positive().max(1).optional().meta({
    says: 'With choco: how far a merge goes, from above 0 to 1; left out, as far as the codec allows',
    example: 0.5,
  }),
}
