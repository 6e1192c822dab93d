import * as z from 'zod'
import { inChunks } from './chunks.js'
import type { CodecKind } from './kind.js'
import { gammaOf, keepField, keptOf, lowBits, placeBytes } from './places.js'

const schema = z.strictObject({
  codec: z.literal('topk2bit'),
  // 64 of a chunk, as arXiv 2508.15706's code keeps.
  keep: keepField(1 / 64),
})

type TopKInBins = z.output<typeof schema>

/** The means of four bins, float32. */
const tableBytes = 16

/**
 * The largest magnitudes of each chunk as the means of four bins, two bits each, and their places; all else is 0: the
 * messages of SparseLoCo (arXiv 2508.15706). ‖C(v) − v‖ ≤ ‖v‖. Its own means are binned anew: only this codec and
 * `qsgd` and `randk` write other bytes for a vector that they have rounded before.
 */
export const topk2bit: CodecKind<TopKInBins> = {
  name: 'topk2bit',
  says: 'As topk, in 2 bits and their place each: the means of four bins (arXiv 2508.15706)',
  schema,
  needsMemory: true,
  gamma: ({ keep }) => gammaOf(keep),
  of: section => {
    const kept = (numbers: number): number => keptOf(numbers, section.keep)
    return inChunks(section, {
      bytes: numbers => tableBytes + Math.ceil(kept(numbers) / 4) + placeBytes(numbers, kept(numbers)),
      encode: (kernel, out, values, numbers, work) =>
        kernel.encodeTopInBins(out, values, numbers, kept(numbers), lowBits(numbers, kept(numbers)), work),
      decode: (kernel, out, from, numbers, work) =>
        kernel.decodeTopInBins(out, from, numbers, kept(numbers), lowBits(numbers, kept(numbers)), work),
    })
  },
}
