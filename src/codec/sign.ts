import * as z from 'zod'
import { inChunks } from './chunks.js'
import type { CodecKind } from './kind.js'

const schema = z.strictObject({ codec: z.literal('sign') })

const sizeBytes = 4

/**
 * The sign of each number, times the mean magnitude of its chunk: ‖C(v) − v‖² = ‖v‖² − ‖v‖₁²/d for each chunk of d
 * numbers. What is 0 becomes the mean magnitude.
 */
export const sign: CodecKind<z.output<typeof schema>> = {
  name: 'sign',
  says: 'The sign of each number, 1 bit, and the mean magnitude of each 4096',
  schema,
  needsMemory: true,
  // As published for ResNet-20 on CIFAR-10 (arXiv 1907.09356, code).
  gamma: () => 0.5,
  of: section =>
    inChunks(section, {
      bytes: numbers => sizeBytes + Math.ceil(numbers / 8),
      encode: (kernel, out, values, numbers) => kernel.encodeSigns(out, values, numbers),
      decode: (kernel, out, from, numbers) => kernel.decodeSigns(out, from, numbers),
    }),
}
