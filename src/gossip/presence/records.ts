import type { PeerId } from '@libp2p/interface'
import type { PeerIdStr } from '../peer-id.js'
import { createPace } from '../pubsub/rate-limit.js'
import { presenceProtocol } from './protocol.js'
import type { HeardReport, PresenceRejection } from './report.js'

/**
 * A peer's view of the others: of each author its latest record, which its signature's sequence number tells. Whoever
 * hears the same records, in whatever order and however often, ends with the same view.
 */
export interface Heard {
  /** The latest report of each, of those that have gone too. A live view. */
  readonly reports: ReadonlyMap<PeerIdStr, HeardReport>
  /** From now on only these are members; what others said is forgotten. Until it is called, anybody is. */
  expect(members: readonly PeerId[]): void
  isMember(author: PeerIdStr): boolean
  /** Does an author that we know speak more often than an honest peer? Asked once for every record of it. */
  isTooOften(author: PeerIdStr): boolean
  /** @returns why it was not taken */
  take(author: PeerIdStr, report: HeardReport, sequence: bigint): PresenceRejection | undefined
  /** Heard of within three beats, and has not said goodbye. */
  isLive(author: PeerIdStr): boolean
}

const { limits, missedBeats } = presenceProtocol

/**
 * @param beatMs - how often each speaks; left out, nobody expires
 * @param reportsPerSecond - of each author, and how many at once
 */
export function createHeard(beatMs: number | undefined, reportsPerSecond: number = limits.reportsPerSecond): Heard {
  const reports = new Map<PeerIdStr, HeardReport>()
  const heardAt = new Map<PeerIdStr, { readonly sequence: bigint; readonly ms: number }>()
  const pace = createPace(reportsPerSecond, limits.peers)
  let members: ReadonlySet<PeerIdStr> | undefined

  /** Is there a place for one more author? Those who are gone make room. */
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
    isTooOften: author => reports.has(author) && pace.isTooOften(author),
    take(author, report, sequence) {
      if (!reports.has(author)) {
        if (!hasRoom()) return 'TOO_MANY_PEERS'
        // Its first one counts too.
        pace.isTooOften(author)
      } else if (sequence <= heardAt.get(author)!.sequence) return 'STALE_RECORD'
      reports.set(author, report)
      heardAt.set(author, { sequence, ms: performance.now() })
      return undefined
    },
    isLive,
  }
}
