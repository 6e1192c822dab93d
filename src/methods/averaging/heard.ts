import { leftOut, sharedRow } from '../../merge/index.js'
import type { MixingRow } from '../../topology/index.js'
import type { Neighbourhood } from '../neighbourhood.js'
import type { NumberedPeer } from '../session.js'

/** What came in an exchange. */
export interface Came {
  readonly round: number
  readonly where: Neighbourhood
  readonly all: ReadonlyMap<number, Float32Array>
  /** The weights, by the heads' age. */
  readonly row: MixingRow
}

/** What of it is listened to. */
export interface Heard {
  /** The heads of those that are not muted. */
  readonly heard: ReadonlyMap<number, Float32Array>
  /** Those among them that are merged. */
  readonly received: ReadonlyMap<number, Float32Array>
  /** By these weights: what newcomers lack is the peer's own. */
  readonly row: MixingRow
  /** Everybody that came is merged, by the weights of the matrix. */
  readonly isAll: boolean
}

/**
 * @param muted - ids
 * @param shares - of its due weight that each newcomer has
 * @param keepsWeights - does the merge weigh? One that counts vectors leaves newcomers out in a part of the rounds instead
 */
export function heardOf(
  { round, where, all, row }: Came,
  muted: ReadonlySet<string>,
  shares: ReadonlyMap<number, number>,
  keepsWeights: boolean,
): Heard {
  const heard = new Map([...all].filter(([peer]) => !muted.has(where.members[peer]!.peerId.toString())))
  const left = keepsWeights ? new Set<number>() : leftOut(shares, round)
  const received = new Map([...heard].filter(([peer]) => !left.has(peer)))
  return { heard, received, row: sharedRow(row, shares), isAll: received.size === all.size && shares.size === 0 }
}

/** Those of these ids that take part, in the order of their numbers. */
export function membersOf(ids: readonly string[], { numbers, members }: Neighbourhood): NumberedPeer[] {
  const places = ids.flatMap(id => numbers.get(id) ?? [])
  return places.sort((a, b) => a - b).map(peer => ({ peer, name: members[peer]!.name }))
}
