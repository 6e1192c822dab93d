import { peerIdFromString } from '@libp2p/peer-id'
import { equals } from 'uint8arrays/equals'
import type { PeerIdStr, Presence, ScalarLog } from '../../gossip/index.js'
import type { Neighbourhood } from '../../methods/index.js'
import { createWaiters } from '../../until.js'
import type { Lockstep } from '../lockstep.js'
import type { HeadsHeard } from './heads-heard.js'
import { inTurns } from './records-heard.js'

export interface LogAgreementInit {
  readonly published: Pick<ScalarLog, 'records' | 'catchUp'>
  readonly hearing: Pick<HeadsHeard, 'has'>
  readonly presence: Pick<Presence, 'live' | 'until'>
  readonly lockstep?: Lockstep | undefined
  /** Does the peer take part in no round with us? */
  readonly isUnlike: (peer: PeerIdStr) => boolean
}

/**
 * How peers come to know the same of a log: each record names its author's model, and where that differs from one's own,
 * one of the two lacks something, and requests the other's log.
 */
export class LogAgreement {
  private readonly waiters = createWaiters()

  constructor(private readonly init: LogAgreementInit) {}

  /** To be called with every record that came. */
  heard(): void {
    this.waiters.look()
  }

  others({ members, self }: Neighbourhood): PeerIdStr[] {
    const ids = members.map(({ peerId }) => peerId.toString())
    return ids.filter((id, number) => number !== self && !this.init.isUnlike(id))
  }

  isThere(round: number): (peer: PeerIdStr) => boolean {
    const { presence, lockstep } = this.init
    const live = new Set(presence.live())
    return peer => live.has(peer) && lockstep?.isGone(peer, round) !== true
  }

  /** Requests the logs of those of these peers that know something else. @throws the signal's reason */
  async compare(others: readonly PeerIdStr[], round: number, model: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.ask(this.unlike(others, round, model), round, signal)
  }

  /**
   * Waits until these peers end with the same model.
   *
   * @param round - that of last words
   * @returns false when more became known instead, which changes the model
   * @throws the signal's reason
   */
  async untilAlike(
    others: readonly PeerIdStr[],
    round: number,
    model: Uint8Array,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { records } = this.init.published
    for (let turn = round; ; turn++) {
      if (records.hasChanged) return false
      const unlike = this.unlike(others, round, model)
      if (unlike.length === 0) return true
      const heard = unlike.map(peer => records.of(round, peer))
      await this.ask(unlike, turn, signal)
      // They lack what we have, and say another word when they have it.
      const isNews = (): boolean => records.hasChanged || unlike.some((peer, i) => records.of(round, peer) !== heard[i])
      const isOver = (): boolean => isNews() || this.unlike(unlike, round, model).length === 0
      await Promise.race([
        this.waiters.until(isOver, signal),
        (this.init.lockstep ?? this.init.presence).until(isOver, signal),
      ])
    }
  }

  /** Those of these peers that had another model than ours when they measured, or whose record was lost on its way. */
  private unlike(peers: readonly PeerIdStr[], round: number, model: Uint8Array): PeerIdStr[] {
    const { published, hearing } = this.init
    const isThere = this.isThere(round)
    return peers.filter(peer => {
      if (published.records.isVoid(round, peer)) return false
      const theirs = published.records.of(round, peer)?.model
      return isThere(peer) && (theirs === undefined ? hearing.has(peer, round) : !equals(theirs, model))
    })
  }

  /** @param turn - which of them are asked: others in each */
  private async ask(peers: readonly PeerIdStr[], turn: number, signal: AbortSignal): Promise<void> {
    const asked = inTurns(peers, turn).map(peer => peerIdFromString(peer))
    if (asked.length > 0) await this.init.published.catchUp(asked, signal)
  }
}
