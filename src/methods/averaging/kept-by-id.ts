import * as z from 'zod'
import { HearsayError } from '../../errors.js'
import type { NamedTensor } from '../../tensors/index.js'
import { peersLimit } from '../../topology/index.js'
import { validate } from '../../validation.js'

/** Peers of which something is remembered; the one that was not heard of for the longest time is forgotten first. */
export const rememberedPeers = 2 * peersLimit

const idSchema = z.string().min(1).max(128)

/** Sets what is remembered of a peer, as the newest, and forgets the oldest where they are too many. */
export function remember<T>(all: Map<string, T>, id: string, value: T): void {
  all.delete(id)
  all.set(id, value)
  const [oldest] = all.keys()
  if (all.size > rememberedPeers) all.delete(oldest!)
}

/** Numbers that are kept of peers: for each a tensor of its own, which has the peer's id in its name. */
export interface KeptById<N extends readonly number[]> {
  isOne(tensor: NamedTensor): boolean
  tensorsOf(all: Iterable<readonly [id: string, numbers: N]>): NamedTensor[]
  /** @throws {@link HearsayError} `PARAMETERS` where something does not fit */
  read(kept: readonly NamedTensor[], source: string): [id: string, numbers: N][]
}

/**
 * @param prefix - of the tensors' names
 * @param numbers - of one peer
 * @param what - they are of so many peers: "the reputations of"
 */
export function keptById<N extends readonly number[]>(
  prefix: string,
  numbers: z.ZodType<N>,
  what: string,
): KeptById<N> {
  return {
    isOne: ({ name }) => name.startsWith(prefix),
    tensorsOf: all =>
      Array.from(all, ([id, own]) => ({
        name: `${prefix}${id}`,
        shape: [own.length],
        values: Float32Array.from(own),
      })),
    read(kept, source) {
      if (kept.length > rememberedPeers) {
        throw new HearsayError('PARAMETERS', `has ${what} ${kept.length} peers, of ${rememberedPeers} at most`, {
          source,
        })
      }
      return kept.map(({ name, values }) => {
        const id = validate(idSchema, name.slice(prefix.length), `${source}: ${prefix}`, 'PARAMETERS')
        // A little more than fits: the schema then says what is wrong.
        return [id, validate(numbers, [...values.subarray(0, 8)], `${source}: ${name}`, 'PARAMETERS')]
      })
    },
  }
}
