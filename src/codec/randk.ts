import * as z from 'zod'
import { inChunks } from './chunks.js'
import type { CodecKind } from './kind.js'
import { gammaOf, keepField, keptOf } from './places.js'

const schema = z.strictObject({
  codec: z.literal('randk'),
  keep: keepField(0.01),
})

type RandomK = z.output<typeof schema>

const seedBytes = 4
const valueBytes = 2

/**
 * Numbers of each chunk at random, as bfloat16; all else is 0. Both ends draw the places from a seed of 32 bits, the hash
 * of the chunk's own bits. E‖C(v) − v‖² = (1 − keep)·‖v‖²: numbers are not scaled by 1/keep, since a memory needs what
 * comes closer to the vector.
 */
export const randk: CodecKind<RandomK> = {
  name: 'randk',
  says: 'Numbers of each 4096 at random, 2 bytes each, and a seed that gives their places; the rest is 0',
  schema,
  needsMemory: true,
  gamma: ({ keep }) => gammaOf(keep),
  of: section => {
    const kept = (numbers: number): number => keptOf(numbers, section.keep)
    return inChunks(section, {
      bytes: numbers => seedBytes + kept(numbers) * valueBytes,
      encode: (kernel, out, values, numbers, work) => kernel.encodeRandom(out, values, numbers, kept(numbers), work),
      decode: (kernel, out, from, numbers, work) => kernel.decodeRandom(out, from, numbers, kept(numbers), work),
    })
  },
}
