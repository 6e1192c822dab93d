import type { Access, Presence, StateService } from '../gossip/index.js'
import { addedCounts } from '../reason-counts.js'
import type { AgreedSum } from './membership/agreed-sum.js'
import type { Road } from './roads/road.js'

/** What crossed this peer's network so far. */
export interface PeerCounters {
  readonly sentBytes: number
  readonly receivedBytes: number
  /** With `encoding.memory`: how many of the received bytes were copies, whole, where messages had been missed. */
  readonly repairBytes?: number
  readonly rejected: Readonly<Record<string, number>>
}

export interface CountedParts {
  readonly presence: Pick<Presence, 'counters'>
  readonly state: Pick<StateService, 'sentBytes'> | undefined
  readonly agreement: Pick<AgreedSum, 'rejected'> | undefined
  readonly access: Pick<Access, 'rejected'> | undefined
}

/** Sums over the parts of a peer. */
export function countersOf(
  road: Road['counters'],
  /** What the method did not merge, by reason. */
  refused: Readonly<Record<string, number>>,
  { presence, state, agreement, access }: CountedParts,
): PeerCounters {
  const rejected = addedCounts({ ...road.rejected, ...refused }, presence.counters.rejected, agreement?.rejected)
  // Some reasons of `access` have the same names as those of other parts.
  for (const [reason, count] of Object.entries(access?.rejected ?? {})) rejected[`ACCESS_${reason}`] = count
  return {
    sentBytes: road.sentBytes + presence.counters.sentBytes + (state?.sentBytes ?? 0),
    receivedBytes: road.receivedBytes,
    ...(road.repairBytes !== undefined && { repairBytes: road.repairBytes }),
    rejected,
  }
}
