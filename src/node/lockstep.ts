import type { PeerIdStr } from '../gossip/index.js'
import { createWaiters } from '../until.js'

/**
 * What peers of one process know of each other for certain, where peers in the field infer it from silence: which peer
 * is killed in which round, and whose head cannot be sent. All others are alive and are waited for, however long it
 * takes.
 */
export interface Lockstep {
  /** With masks, or noise that cancels: the public key of each peer, which has no record to publish it in. */
  readonly maskKeys: Map<PeerIdStr, Uint8Array>
  /** Does this peer send nothing any more from this round on? */
  isGone(peer: PeerIdStr, round: number): boolean
  /** Does this peer lack a head of this round that could be sent? */
  isWithheld(peer: PeerIdStr, round: number): boolean
  /** Records that this peer, though alive, sends no head of this round: every other peer would refuse it. */
  withhold(peer: PeerIdStr, round: number): void
  /**
   * Records that this peer has ended this round: it has what it needs of the others in it. For the round before its
   * first: it has met them.
   */
  end(peer: PeerIdStr, round: number): void
  /**
   * Resolves when all peers that take part in this round have ended it. A fast peer's messages of the next round then
   * reach no peer that still waits for this round's, and a peer that dies has been heard in all rounds before.
   *
   * @throws the signal's reason
   */
  whenEnded(round: number, signal: AbortSignal): Promise<void>
  /** Records how far this peer has got within a round whose exchange has stages that others wait for, from 1. */
  reach(peer: PeerIdStr, round: number, stage: number): void
  /** Resolves when all peers that take part in this round have reached this stage of it. @throws the signal's reason */
  whenReached(round: number, stage: number, signal: AbortSignal): Promise<void>
  /** With sampled participants: the rounds that begin with an aggregate. */
  readonly aggregates: Set<number>
  /** Resolves when `is` holds; evaluates it now and whenever one of the above changes. @throws the signal's reason */
  until(is: () => boolean, signal: AbortSignal): Promise<void>
}

/**
 * @param goneIn - the round in which each peer that is killed on demand dies: after training, before its head is sent
 * @param first - the round that all begin with. The one before it ends when all have met: a peer that is killed in its
 *   first round is met too, and no peer waits for it in vain
 */
export function createLockstep(
  peers: readonly PeerIdStr[],
  goneIn: ReadonlyMap<PeerIdStr, number> = new Map(),
  first = 0,
): Lockstep {
  const ended = new Map(peers.map(peer => [peer, first - 2]))
  const stages = new Map<PeerIdStr, { readonly round: number; readonly stage: number }>()
  const withheld = new Map<PeerIdStr, number>()
  const waiters = createWaiters()
  const isGone = (peer: PeerIdStr, round: number): boolean => round >= (goneIn.get(peer) ?? Number.POSITIVE_INFINITY)

  return {
    maskKeys: new Map(),
    aggregates: new Set(),
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
    reach(peer, round, stage) {
      stages.set(peer, { round, stage })
      waiters.look()
    },
    async whenReached(round, stage, signal) {
      const hasReached = (peer: PeerIdStr): boolean => {
        const at = stages.get(peer)
        return at !== undefined && (at.round > round || (at.round === round && at.stage >= stage))
      }
      await waiters.until(() => peers.every(peer => hasReached(peer) || isGone(peer, round)), signal)
    },
    async until(is, signal) {
      await waiters.until(is, signal)
    },
  }
}
