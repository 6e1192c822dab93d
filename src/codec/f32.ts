import * as z from 'zod'
import { bytesOf, copyBytes } from '../tensors/index.js'
import { type Codec, numberByNumber } from './codec.js'
import type { CodecKind } from './kind.js'

const floatBytes = Float32Array.BYTES_PER_ELEMENT

/** Keeps every bit. In place nothing is left to decode: a receiver reads the numbers where they arrived. */
export const f32: Codec = {
  name: 'f32',
  ...numberByNumber('F32'),
  encode(_layout, values, into) {
    const bytes = bytesOf(values)
    const copy = (from: number, to: number): void =>
      copyBytes(bytes.subarray(from * floatBytes, to * floatBytes), into, from * floatBytes)
    return { passes: [copy], length: () => bytes.length }
  },
  decode(_layout, from, values) {
    const bytes = bytesOf(values)
    if (from.buffer === bytes.buffer && from.byteOffset === bytes.byteOffset) return () => {}
    return (start, end) => copyBytes(from.subarray(start * floatBytes, end * floatBytes), bytes, start * floatBytes)
  },
}

const schema = z.strictObject({
  codec: z.literal('f32'),
  // Not a default: run ids are of what is written.
  slim: z.boolean().optional().meta({
    says: 'Neighbours are sent a sixth fewer bytes, of which the same bits become; left out, 4 bytes a number',
    example: true,
  }),
})

/** {@link f32} in a manifest. What makes it slim is done to frames on their way (gossip/head/slim.ts). */
export const f32Kind: CodecKind<z.output<typeof schema>> = {
  name: 'f32',
  says: 'Every bit, 4 bytes a number',
  schema,
  of: () => f32,
}
