import { HearsayError } from '../../errors.js'
import {
  type Bundle,
  type BundleShape,
  bundleOf,
  fillFrom,
  layoutOf,
  type NamedTensor,
  reserveVector,
} from '../../tensors/index.js'
import { peersLimit } from '../../topology/index.js'
import { copyInSlices } from '../../turns.js'
import type { Neighbourhood } from '../neighbourhood.js'

/** What came in the last exchange and was merged, whole, for a method that passes it on in the next. */
export interface Relays {
  /** By number. */
  at(where: Neighbourhood): ReadonlyMap<number, Bundle>
  /** Copies what was merged, by number; all before it is forgotten. */
  keep(where: Neighbourhood, merged: ReadonlyMap<number, Float32Array>): Promise<void>
  forget(): void
  kept(): NamedTensor[]
  /** Goes on from what was kept. @throws {@link HearsayError} `PARAMETERS` where it does not fit */
  restore(kept: readonly NamedTensor[], source: string): void
}

const prefix = 'relay:'

/** Is it what a peer keeps to pass it on? */
export function isRelay({ name }: NamedTensor): boolean {
  return name.startsWith(prefix)
}

/** @param says - the shape of what is handed over */
export function createRelays(says: BundleShape): Relays {
  const { size } = says.layout
  /** By peer id, in the order of the peers' numbers. */
  let last = new Map<string, Float32Array>()
  return {
    at: ({ numbers }) =>
      new Map(
        [...last].flatMap(([id, values]) => {
          const peer = numbers.get(id)
          return peer === undefined ? [] : [[peer, bundleOf(says, values)] as const]
        }),
      ),
    async keep({ members }, merged) {
      const before = last
      last = new Map()
      for (const [peer, values] of [...merged].sort(([a], [b]) => a - b)) {
        const id = members[peer]!.peerId.toString()
        const copy = before.get(id) ?? reserveVector(size)
        await copyInSlices(copy, values)
        last.set(id, copy)
      }
    },
    forget() {
      last = new Map()
    },
    kept: () => Array.from(last, ([id, values]) => ({ name: `${prefix}${id}`, shape: [size], values })),
    restore(kept, source) {
      if (kept.length >= peersLimit) {
        throw new HearsayError('PARAMETERS', `has what ${kept.length} peers have said, of ${peersLimit} at most`, {
          source,
        })
      }
      const read = kept.map(tensor => {
        const values = reserveVector(size)
        fillFrom([tensor], { layout: layoutOf([{ name: tensor.name, shape: [size] }]), values }, source)
        return [tensor.name.slice(prefix.length), values] as const
      })
      last = new Map(read)
    },
  }
}
