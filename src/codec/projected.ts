import type { Layout } from '../tensors/index.js'
import { inSlices } from '../turns.js'
import type { Codec } from './codec.js'

/**
 * Coding a number takes 4 ns at most (`qsgd`), as long as going over four vectors does on a busy machine. How long
 * slices are also decides in which order the squares of a head that comes are added up, on which peers agree.
 */
export const codingVectors = 4

/**
 * What others decode of a vector: decode(encode(values)), in slices of the network thread's turns. A memory goes on from
 * it, at both ends with the same bits.
 *
 * @param into - as long as `values`, which must stay as they are meanwhile
 * @param room - for the encoded bytes, aligned to 8 bytes: `codec.size(layout).most` of them. @default fresh memory
 * @throws {@link EncodingError} NOT_FINITE where the vector is not and the codec cannot say so
 */
export async function projected(
  codec: Codec,
  layout: Layout,
  values: Float32Array,
  into: Float32Array,
  room: Uint8Array = new Uint8Array(codec.size(layout).most),
): Promise<void> {
  const { passes, length } = codec.encode(layout, values, room)
  for (const pass of passes) await inSlices(layout.size, codingVectors, pass)
  await inSlices(layout.size, codingVectors, codec.decode(layout, room.subarray(0, length()), into))
}
