import * as z from 'zod'
import {
  type Access,
  type HearsayServices,
  type Presence,
  purposes,
  type StateService,
  type TrafficBytes,
} from '../gossip/index.js'
import { addedCounts } from '../reason-counts.js'
import type { AgreedSum } from './membership/agreed-sum.js'
import type { Road } from './roads/road.js'

const bytesSchema = z.record(z.enum([...purposes, 'libp2p', 'wire']), z.number().min(0))

/** Bytes by what they were for, as files have them. */
export const trafficSchema = z.object({ sent: bytesSchema, received: bytesSchema })

/** What crossed this peer's network so far. */
export interface PeerCounters {
  /** Heads and records, framing included; not what libp2p adds. */
  readonly sentBytes: number
  readonly receivedBytes: number
  /** All bytes of its host, those that libp2p adds among them, by what they were for. */
  readonly traffic: TrafficBytes
  readonly rejected: Readonly<Record<string, number>>
}

export interface CountedParts {
  readonly traffic: Pick<HearsayServices['traffic'], 'bytes'>
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
  { traffic, presence, state, agreement, access }: CountedParts,
): PeerCounters {
  const rejected = addedCounts({ ...road.rejected, ...refused }, presence.counters.rejected, agreement?.rejected)
  // Some reasons of `access` have the same names as those of other parts.
  for (const [reason, count] of Object.entries(access?.rejected ?? {})) rejected[`ACCESS_${reason}`] = count
  return {
    sentBytes: road.sentBytes + presence.counters.sentBytes + (state?.sentBytes ?? 0),
    receivedBytes: road.receivedBytes,
    traffic: traffic.bytes(),
    rejected,
  }
}
