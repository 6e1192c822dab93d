import type { MixingRow } from '../../topology/index.js'
import type { HeadSum } from '../roads.js'

/** A sum stands for one head, under the number of its first sender. */
export function asOne(sum: HeadSum | undefined): ReadonlyMap<number, Float32Array> {
  return new Map(sum === undefined ? [] : [[sum.peers[0]!, sum.mean]])
}

/** The row that gives it the weights of all its senders; those of the others return to oneself. */
export function rowOf({ peers, weight }: HeadSum): MixingRow {
  return { self: 1 - weight, from: [{ peer: peers[0]!, weight }] }
}
