import type { Layout } from '../tensors/index.js'
import { type Codec, exactly } from './codec.js'
import type { EncodingSection } from './kind.js'

/**
 * The part of a codec whose bytes are no numbers of tensors: one tensor of bytes, and what they are made of beside it.
 *
 * @param section - settled: it stands in the payload's header, so that peers agree on every number
 * @param bytes - how many the numbers of a layout become
 */
export function packed(
  section: EncodingSection,
  bytes: (layout: Layout) => number,
): Pick<Codec, 'name' | 'inPlace' | 'tensors' | 'metadata' | 'size'> {
  const { codec: name } = section
  return {
    name,
    inPlace: false,
    tensors: layout => [{ name, shape: [bytes(layout)], dtype: 'U8' }],
    metadata: ({ tensors }) => ({
      encoding: JSON.stringify(section),
      tensors: JSON.stringify(tensors.map(({ name, shape }) => [name, shape])),
    }),
    size: layout => exactly(bytes(layout)),
  }
}
