import {
  createShareService,
  type HearsayHost,
  type MaskKey,
  maskedLayout,
  type ShareService,
  type SharesInit,
  type StreamDeadlines,
} from '../../gossip/index.js'
import { leastSenders, type MasksSection } from '../../methods/index.js'
import type { Layout } from '../../tensors/index.js'
import type { Lockstep } from '../lockstep.js'
import type { PairKeys } from '../pair-keys.js'
import { createMaskedExchange, type MaskedExchange, type MaskedExchangeInit } from './masked-exchange.js'
import { ShareRounds } from './share-rounds.js'

export interface MaskingInit {
  readonly masks: MasksSection
  readonly runId: Uint8Array
  /** Layout of a head. */
  readonly layout: Layout
  /** See {@link MaskedExchangeInit}. */
  readonly normLimit: number
  /** See {@link NeighbourRoadInit}. */
  readonly lockstep?: Lockstep | undefined
  readonly admit: SharesInit['admit']
  readonly timing: { readonly shares: StreamDeadlines }
}

/** What a road has where heads are masked. */
export interface Masking {
  /** Layout of a masked head. */
  readonly layout: Layout
  /** With `dropout: shares`: what hands them over. */
  readonly service: ShareService | undefined
  createExchange(
    init: Omit<MaskedExchangeInit, 'runId' | 'layouts' | 'key' | 'keysIn' | 'least' | 'normLimit' | 'shares'>,
  ): MaskedExchange
}

export function createMasking(init: MaskingInit, keys: PairKeys, node: HearsayHost): Masking {
  const { masks, layout: head } = init
  const layout = maskedLayout(head)
  const shared = masks.dropout === 'shares' ? createShares(init, node, keys.key) : undefined
  return {
    layout,
    service: shared?.service,
    createExchange: exchange =>
      createMaskedExchange({
        ...exchange,
        ...init,
        layouts: { head, masked: layout },
        ...keys,
        least: leastSenders(masks),
        ...(shared && { shares: shared.rounds }),
      }),
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
