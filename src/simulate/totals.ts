import type { SavedRun } from '../disk/index.js'
import { addedTraffic, type TrafficBytes } from '../gossip/index.js'
import type { AssembledPeer } from '../node/index.js'
import { addedCounts } from '../reason-counts.js'

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
    addedCounts(from?.rejected, ...peers.map(({ counters }) => counters.rejected))
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
