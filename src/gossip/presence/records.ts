import type { PeerId } from '@libp2p/interface'
import type { PeerIdStr } from '../peer-id.js'
import { createRateLimit } from '../pubsub/rate-limit.js'
import { presenceProtocol } from './protocol.js'
import type { HeardReport, PresenceRejection } from './report.js'

/**
 * The latest record of each other peer, by the sequence number that its signature covers: a map of last-writer-wins
 * registers. Peers that receive the same records, in whatever order and however often, hold the same.
 */
export interface PresenceRecords {
  /** The latest report of each author, of those that have left too. A live view. */
  readonly reports: ReadonlyMap<PeerIdStr, HeardReport>
  /** From now on only these are members; records of others are dropped. Until it is called, any author is one. */
  expect(members: readonly PeerId[]): void
  isMember(author: PeerIdStr): boolean
  /** Does a known author publish more often than an honest peer? To be called once for each of its records. */
  isTooOften(author: PeerIdStr): boolean
  /** @returns why the record was not added */
  add(author: PeerIdStr, report: HeardReport, sequence: bigint): PresenceRejection | undefined
  /** Has the author published within three beats, and not left? */
  isLive(author: PeerIdStr): boolean
  /** Milliseconds since its last record; undefined of one that was never heard. */
  silentMs(author: PeerIdStr): number | undefined
}

const { limits, missedBeats } = presenceProtocol

/**
 * @param beatMs - how often each peer publishes; left out, no record expires
 * @param reportsPerSecond - of each author, and how many at once
 */
export function createPresenceRecords(
  beatMs: number | undefined,
  reportsPerSecond: number = limits.reportsPerSecond,
): PresenceRecords {
  const reports = new Map<PeerIdStr, HeardReport>()
  const heardAt = new Map<PeerIdStr, { readonly sequence: bigint; readonly ms: number }>()
  const rate = createRateLimit(reportsPerSecond, limits.peers)
  let members: ReadonlySet<PeerIdStr> | undefined

  /** Is there room for one more author? Authors that have left make room. */
  function hasRoom(): boolean {
    const most = Math.max(limits.peers, members?.size ?? 0)
    if (reports.size >= most) for (const peer of reports.keys()) if (!isLive(peer)) forget(peer)
    return reports.size < most
  }

  function forget(peer: PeerIdStr): void {
    reports.delete(peer)
    heardAt.delete(peer)
  }

  function isLive(peer: PeerIdStr): boolean {
    if (reports.get(peer)?.leaving !== false) return false
    return beatMs === undefined || performance.now() - heardAt.get(peer)!.ms < missedBeats * beatMs
  }

  return {
    reports,
    expect(expected) {
      members = new Set(expected.map(peer => peer.toString()))
      for (const peer of reports.keys()) if (!members.has(peer)) forget(peer)
    },
    isMember: author => members === undefined || members.has(author),
    isTooOften: author => reports.has(author) && rate.isExceeded(author),
    add(author, report, sequence) {
      if (!reports.has(author)) {
        if (!hasRoom()) return 'TOO_MANY_PEERS'
        // An author's first record counts too.
        rate.isExceeded(author)
      } else if (sequence <= heardAt.get(author)!.sequence) return 'STALE_RECORD'
      reports.set(author, report)
      heardAt.set(author, { sequence, ms: performance.now() })
      return undefined
    },
    isLive,
    silentMs(author) {
      const heard = heardAt.get(author)
      return heard && performance.now() - heard.ms
    },
  }
}
