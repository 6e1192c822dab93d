import * as z from 'zod'
import { inChunks } from './chunks.js'
import type { CodecKind } from './kind.js'

const schema = z.strictObject({
  codec: z.literal('qsgd'),
  // The most that 5 bits hold.
  levels: z.int().min(1).max(127).default(15).meta({ says: 'Steps from 0 to the largest magnitude' }),
})

type Qsgd = z.output<typeof schema>

const normBytes = 4

/**
 * Whole numbers from −s to s times an s-th of the largest magnitude of the chunk, up or down by chance, so that the mean
 * is the number: QSGD (arXiv 1610.02132) by the largest magnitude instead of the 2-norm, as its section 5 has it, which
 * errs less. The chance is of the chunk's own bits: the same vector gives the same bytes.
 */
export const qsgd: CodecKind<Qsgd> = {
  name: 'qsgd',
  says: 'Each number up or down to one of a few steps by chance, so that the mean is right; 5 bits with 15 levels',
  schema,
  // With one or two levels 60 exchanges on a ring or full graph of 16 ran apart, with three they came together.
  gamma: ({ levels }) => (levels < 3 ? 0 : 1),
  of: section => {
    const { levels } = section
    const bits = Math.ceil(Math.log2(2 * levels + 1))
    return inChunks(section, {
      bytes: numbers => normBytes + Math.ceil((numbers * bits) / 8),
      encode: (kernel, out, values, numbers) => kernel.encodeLevels(out, values, numbers, levels, bits),
      decode: (kernel, out, from, numbers, work) => kernel.decodeLevels(out, from, numbers, levels, bits, work),
    })
  },
}
