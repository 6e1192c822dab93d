import type { PeerIdStr } from '../gossip/index.js'
import { createWaiters } from '../until.js'

/**
 * What peers of one process know of each other for certain, where those of the field judge by silence: who is killed in
 * which round, and whose head is not fit to be sent. All others are alive and are waited for, however long it takes.
 */
export interface Lockstep {
  /** Does this peer say nothing any more from this round on? */
  isGone(peer: PeerIdStr, round: number): boolean
  /** Has this peer no head of this round that could be sent? */
  isWithheld(peer: PeerIdStr, round: number): boolean
  /** This peer sends no head of this round, though it is there: everybody would refuse it. */
  withhold(peer: PeerIdStr, round: number): void
  /**
   * This peer has ended this round: it has what it needs of the others in it. Of the round before its first: it has met
   * them.
   */
  end(peer: PeerIdStr, round: number): void
  /**
   * Resolves when all who take part in this round have ended it. What a quick peer says of the next one is then news to
   * nobody who still waits for this one's, and a peer that dies has been heard in all rounds before.
   *
   * @throws the signal's reason
   */
  whenEnded(round: number, signal: AbortSignal): Promise<void>
  /** Asks now and whenever one of the above changes. @throws the signal's reason */
  until(is: () => boolean, signal: AbortSignal): Promise<void>
}

/**
 * @param goneIn - in which round each of those dies who are killed on demand: after training, before its head is sent
 * @param first - the round that all begin with. The one before it ends when all have met: a peer that is killed in its
 *   first round is met too, and none waits for it in vain
 */
export function createLockstep(
  peers: readonly PeerIdStr[],
  goneIn: ReadonlyMap<PeerIdStr, number> = new Map(),
  first = 0,
): Lockstep {
  const ended = new Map(peers.map(peer => [peer, first - 2]))
  const withheld = new Map<PeerIdStr, number>()
  const waiters = createWaiters()
  const isGone = (peer: PeerIdStr, round: number): boolean => round >= (goneIn.get(peer) ?? Number.POSITIVE_INFINITY)

  return {
    isGone,
    isWithheld: (peer, round) => withheld.get(peer) === round,
    withhold(peer, round) {
      withheld.set(peer, round)
      waiters.look()
    },
    end(peer, round) {
      ended.set(peer, round)
      waiters.look()
    },
    async whenEnded(round, signal) {
      await waiters.until(() => peers.every(peer => ended.get(peer)! >= round || isGone(peer, round)), signal)
    },
    async until(is, signal) {
      await waiters.until(is, signal)
    },
  }
}
