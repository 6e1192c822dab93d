import type { SavedRun } from '../disk/index.js'
import { addedTraffic, type TrafficBytes } from '../gossip/index.js'
import type { AssembledPeer } from '../node/index.js'

/** What all peers of a simulation count; in a resumed run, with what was counted before. */
export interface Totals {
  /** Bytes sent by all peers. */
  sentBytes(): number
  /** All bytes of all peers. */
  traffic(): TrafficBytes
  /** Rejections of all peers, by reason. */
  rejected(): Record<string, number>
  /** What a host that closes cuts off of its neighbours' streams is no fault of theirs, and is not counted. */
  closing(): void
}

/** @param peers - whose counters are read when they are asked for; more may be added */
export function totalsOf(
  peers: readonly Pick<AssembledPeer, 'counters'>[],
  from: Pick<SavedRun, 'sentBytes' | 'traffic' | 'rejected'> | undefined,
): Totals {
  const rejected = (): Record<string, number> =>
    peers.reduce((sum, peer) => sumByReason(sum, peer.counters.rejected), from?.rejected ?? {})
  let atClose: Record<string, number> | undefined
  return {
    sentBytes: () => peers.reduce((sum, peer) => sum + peer.counters.sentBytes, from?.sentBytes ?? 0),
    traffic: () => [...peers.map(({ counters }) => counters.traffic), from?.traffic ?? []].flat().reduce(addedTraffic),
    rejected: () => atClose ?? rejected(),
    closing() {
      atClose ??= rejected()
    },
  }
}

/** Adds up two counts by reason. */
function sumByReason(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const total: Record<string, number> = { ...a }
  for (const [reason, count] of Object.entries(b)) total[reason] = (total[reason] ?? 0) + count
  return total
}
