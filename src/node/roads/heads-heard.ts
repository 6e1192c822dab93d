import { createDeadline } from '../../deadline.js'
import type { PeerIdStr, Presence } from '../../gossip/index.js'
import { createWaiters } from '../../until.js'
import type { Lockstep } from '../lockstep.js'
import { isFarBehind } from '../membership/pace.js'
import type { Patience } from './patience.js'

export interface HeadsHeardInit {
  readonly presence: Pick<Presence, 'heard' | 'live' | 'until'>
  readonly patience: Patience
  /** For peers of one process in lockstep; it then determines which peers are live, and presence does not. */
  readonly lockstep?: Lockstep | undefined
}

/** Which peers were heard, and of which round: published heads come from all peers, each at its own pace. */
export interface HeadsHeard {
  /** Records that a head of this peer has come. */
  heard(peer: PeerIdStr, round: number): void
  /** Has a head of this round or a later one come? */
  has(peer: PeerIdStr, round: number): boolean
  /**
   * Resolves when the heads of this round are here, of all peers that are live, not far behind and worth waiting for;
   * or when patience ends.
   *
   * @throws the signal's reason
   */
  whenAll(peers: readonly PeerIdStr[], round: number, signal: AbortSignal): Promise<void>
}

export function createHeadsHeard({ presence, patience, lockstep }: HeadsHeardInit): HeadsHeard {
  const newest = new Map<PeerIdStr, number>()
  const waiters = createWaiters()
  const has = (peer: PeerIdStr, round: number): boolean => (newest.get(peer) ?? -1) >= round

  /** The peers whose head of this round is worth waiting for. */
  function expected(peers: readonly PeerIdStr[], round: number): PeerIdStr[] {
    if (lockstep !== undefined) {
      return peers.filter(peer => !lockstep.isGone(peer, round) && !lockstep.isWithheld(peer, round))
    }
    const live = new Set(presence.live())
    return peers.filter(peer => {
      const report = presence.heard().get(peer)
      if (report === undefined || !live.has(peer)) return false
      // Its newest head states its round too, and sooner.
      const at = Math.max(report.round, newest.get(peer) ?? 0)
      return !isFarBehind({ ...report, round: at }, round)
    })
  }

  return {
    has,
    heard(peer, round) {
      newest.set(peer, Math.max(round, newest.get(peer) ?? -1))
      waiters.look()
    },
    async whenAll(peers, round, signal) {
      const waiting = patience.begin()
      const counted = new Set<PeerIdStr>()
      const isDone = (): boolean => {
        for (const peer of peers) {
          if (counted.has(peer) || !has(peer, round)) continue
          counted.add(peer)
          waiting.ended(peer, 'came')
        }
        return expected(peers, round).every(peer => counted.has(peer) || !waiting.expects(peer))
      }
      const deadline = createDeadline(signal)
      deadline.within(waiting.limitMs, new Error('The heads did not come in time'))
      try {
        // Whichever is first: a head, or the report that a peer is gone.
        await Promise.race([
          waiters.until(isDone, deadline.signal),
          (lockstep ?? presence).until(isDone, deadline.signal),
        ])
      } catch {
        signal.throwIfAborted()
      } finally {
        for (const peer of expected(peers, round)) if (!counted.has(peer)) waiting.ended(peer, 'late')
        waiting.done()
        // Ends the other wait.
        deadline.abort(new Error('The wait is over'))
        deadline.clear()
      }
    },
  }
}
