import {
  createMaskKey,
  createShareService,
  type HearsayHost,
  type MaskKey,
  maskedLayout,
  type PeerIdStr,
  type Presence,
  type ShareService,
  type SharesInit,
  type StreamDeadlines,
} from '../../gossip/index.js'
import { leastSenders, type MasksSection } from '../../methods/index.js'
import type { Layout } from '../../tensors/index.js'
import type { Lockstep } from '../lockstep.js'
import { isFarBehind } from '../membership/pace.js'
import { createMaskedExchange, type MaskedExchange, type MaskedExchangeInit } from './masked-exchange.js'
import { ShareRounds } from './share-rounds.js'

export interface MaskingInit {
  readonly masks: MasksSection
  readonly runId: Uint8Array
  /** Layout of a head. */
  readonly layout: Layout
  /** See {@link MaskedExchangeInit}. */
  readonly normLimit: number
  /** Knows the keys of peers of one process, which publish no records. */
  readonly lockstep?: Lockstep | undefined
  readonly admit: SharesInit['admit']
  readonly timing: { readonly shares: StreamDeadlines }
}

/** What a road has where heads are masked: the peer's key, and those of the others. */
export interface Masking {
  readonly publicKey: Uint8Array
  /** Layout of a masked head. */
  readonly layout: Layout
  /** With `dropout: shares`: what hands them over. */
  readonly service: ShareService | undefined
  createExchange(
    init: Omit<MaskedExchangeInit, 'runId' | 'layouts' | 'key' | 'keysIn' | 'least' | 'normLimit' | 'shares'>,
  ): MaskedExchange
}

/** Its key is kept nowhere: a process that has died may have masked with it what the next one would mask again. */
export function createMasking(init: MaskingInit, node: HearsayHost, presence: Presence): Masking {
  const { masks, layout: head, lockstep } = init
  const key = createMaskKey()
  const self = node.peerId.toString()
  const layout = maskedLayout(head)
  lockstep?.maskKeys.set(self, key.publicKey)
  const shared = masks.dropout === 'shares' ? createShares(init, node, key) : undefined

  function keysIn(round: number): (peer: PeerIdStr) => Uint8Array | undefined {
    // A peer that dies in this round is missed in it, as in the field.
    if (lockstep !== undefined) {
      return peer => (lockstep.isGone(peer, round - 1) ? undefined : lockstep.maskKeys.get(peer))
    }
    const published = keysPublished(presence, round)
    return peer => (peer === self ? key.publicKey : published(peer))
  }

  return {
    publicKey: key.publicKey,
    layout,
    service: shared?.service,
    createExchange: exchange =>
      createMaskedExchange({
        ...exchange,
        ...init,
        layouts: { head, masked: layout },
        key,
        keysIn,
        least: leastSenders(masks),
        ...(shared && { shares: shared.rounds }),
      }),
  }
}

/**
 * The keys of the peers whose heads of a round may come. That of one that takes part later, or is far behind, would not:
 * as a sender it would void the sums of all its receivers.
 */
export function keysPublished(
  presence: Pick<Presence, 'live' | 'heard'>,
  round: number,
): (peer: PeerIdStr) => Uint8Array | undefined {
  const live = new Set(presence.live())
  return peer => {
    const report = live.has(peer) ? presence.heard().get(peer) : undefined
    return report === undefined || report.from > round || isFarBehind(report, round) ? undefined : report.maskKey
  }
}

function createShares(
  { runId, admit, timing: { shares: deadlines }, lockstep }: MaskingInit,
  node: HearsayHost,
  key: MaskKey,
): { readonly service: ShareService; readonly rounds: ShareRounds } {
  const service = createShareService({
    runId,
    admit,
    answer: (...asked) => rounds.answer(...asked),
    deadlines,
  })({ node })
  const self = node.peerId.toString()
  const rounds = new ShareRounds({ self, key, service, lockstep, waitMs: deadlines.transferMs })
  return { service, rounds }
}
