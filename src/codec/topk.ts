import * as z from 'zod'
import { inChunks } from './chunks.js'
import type { CodecKind } from './kind.js'
import { gammaOf, keepField, keptOf, lowBits, placeBytes } from './places.js'
import { topOfParts } from './top-of-parts.js'

const schema = z.strictObject({
  codec: z.literal('topk'),
  keep: keepField(0.01),
  of: z
    .enum(['chunk', 'tensor', 'whole'])
    .default('chunk')
    .meta({ says: 'Of what that share is: of each 4096 numbers, of each tensor, or of all together' }),
})

type TopK = z.output<typeof schema>

const valueBytes = 2

/**
 * The largest magnitudes of each chunk, or tensor, or of all, as bfloat16, and their places; all else is 0. Of equals the first ones travel, so
 * that two machines choose alike. ‖C(v) − v‖² ≤ (1 − keep)·‖v‖², and 2^-16 of ‖v‖² for the rounding.
 */
export const topk: CodecKind<TopK> = {
  name: 'topk',
  says: 'The largest numbers of each 4096, or of more, and their places, 3 bytes each; the rest is 0',
  schema,
  needsMemory: true,
  gamma: ({ keep }) => gammaOf(keep),
  of: section => {
    if (section.of === 'tensor') return topOfParts(section, section.keep, ({ tensors }) => tensors)
    if (section.of === 'whole') return topOfParts(section, section.keep, ({ size }) => [{ offset: 0, size }])
    const kept = (numbers: number): number => keptOf(numbers, section.keep)
    return inChunks(section, {
      bytes: numbers => kept(numbers) * valueBytes + placeBytes(numbers, kept(numbers)),
      encode: (kernel, out, values, numbers, work) =>
        kernel.encodeTop(out, values, numbers, kept(numbers), lowBits(numbers, kept(numbers)), work),
      decode: (kernel, out, from, numbers, work) =>
        kernel.decodeTop(out, from, numbers, kept(numbers), lowBits(numbers, kept(numbers)), work),
    })
  },
}
