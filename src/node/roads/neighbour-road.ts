import { codecOf } from '../../codec/index.js'
import {
  type Buffers,
  createHandover,
  digestOf,
  type Handover,
  type HearsayHost,
  masked,
  type StatePayload,
  type Timing,
} from '../../gossip/index.js'
import { type Kept, methodOf } from '../../methods/index.js'
import { addedCounts } from '../../reason-counts.js'
import type { HeadSection, Layout } from '../../tensors/index.js'
import type { Lockstep } from '../lockstep.js'
import type { Manifest } from '../manifest.js'
import type { PairKeys } from '../pair-keys.js'
import { createAdmission } from './admission.js'
import { createExchange, type ExchangeInit, type StreamExchange } from './exchange.js'
import type { MaskedExchange } from './masked-exchange.js'
import { createMasking, type Masking } from './masking.js'
import { createMemory } from './memory.js'
import { createNews, type News } from './news.js'
import type { Patience } from './patience.js'
import type { RememberingExchange } from './remembering-exchange.js'
import type { Beginning, Road } from './road.js'
import type { UpdateExchange } from './update-exchange.js'
import { createUpdates } from './updates.js'

export interface NeighbourRoadInit {
  readonly manifest: Manifest
  readonly runId: Uint8Array
  /** Layout of what is handed over. */
  readonly layout: Layout
  /** The whole model, as yet as all begin. */
  readonly parameters: Float32Array
  readonly head: HeadSection
  /** Exchanges in a round. */
  readonly steps: number
  /** See {@link ExchangeInit}. */
  readonly forge?: ExchangeInit['forge']
  readonly buffers?: Buffers
  readonly patience: Patience
  readonly timing: Pick<Timing, 'handover' | 'shares'>
  /** See {@link ExchangeInit.lockstep}. */
  readonly lockstep?: Lockstep | undefined
  /** Longest try to reach a neighbour whose connection is lost. */
  readonly dialMs: number
  /** With masks. */
  readonly keys?: PairKeys | undefined
}

/** The road to the neighbours: vectors are handed over on direct streams, once per edge. */
export interface HandoverRoad extends Road<'neighbours'> {
  offer(round: number, values: Float32Array): Promise<void>
  readonly handover: NonNullable<Road['handover']>
  /** With `encoding.memory`, or an adaptive exchange: adds what it keeps to what the method does. @default nothing */
  kept(method: Kept): Kept
  /**
   * Goes on from what was kept.
   *
   * @param restoreMethod - is given what is left for the method, and throws where it does not fit
   * @throws {@link HearsayError} `PARAMETERS` where it does not fit, or what that throws: nothing is restored then
   */
  restore(kept: Kept, source: string, restoreMethod: (rest: Kept) => void): void
  /** The head was replaced by another peer's. */
  replaced(): void
}

export function createNeighbourRoad(init: NeighbourRoadInit, node: HearsayHost): HandoverRoad {
  const { manifest } = init
  const { masks, limits, encoding } = manifest
  const isAsync = manifest.mode === 'async'
  let begun: Beginning | undefined
  let exchange: StreamExchange | undefined
  let concealed: MaskedExchange | undefined
  let remembering: RememberingExchange | undefined
  let updating: UpdateExchange | undefined
  let round = 0
  let offered: StatePayload | undefined
  /** With masks: the last round of which a head was handed over. */
  let handedOver: number | undefined

  const admit = createAdmission(init, () => ({ begun, round }))
  const masking = masks && createMasking({ ...init, masks, admit, normLimit: limits.headNorm }, init.keys!, node)
  const memory = encoding.memory === undefined ? undefined : createMemory(init, node)
  const updates = methodOf(manifest.merge).needs.updates === true ? createUpdates(init, node) : undefined
  const whole = memory?.whole ?? updates?.whole
  const news = newsIn(init)
  const keeps = memory ?? news
  const handover = createHandover({
    runId: init.runId,
    layout: masking?.layout ?? init.layout,
    codec: masking === undefined ? codecOf(encoding) : masked,
    isSlim: encoding.slim,
    latestOnly: isAsync,
    mayBeStill: manifest.exchange.when === 'adaptive',
    normLimit: limits.headNorm,
    admit,
    deadlines: init.timing.handover,
    ...(init.buffers === undefined ? {} : { buffers: init.buffers }),
  })({ node })

  return {
    kind: 'neighbours',
    // A copy or an anchor whole is a head, too.
    handover: whole ?? handover,
    road: {
      swap(...asked) {
        handedOver = asked[0].round
        return exchange!.swap(...(asked as Parameters<StreamExchange['swap']>))
      },
    },
    async start() {
      await handover.start()
      await masking?.service?.start()
    },
    async stop() {
      await masking?.service?.stop()
      await handover.stop()
    },
    begin(beginning) {
      begun = beginning
      const { open } = beginning
      const { patience, dialMs, lockstep } = init
      const whenElsewhere: ExchangeInit['whenElsewhere'] = (...asked) => open!.whenElsewhere(...asked)
      const plain = { node, handover, forge: init.forge, dialMs, patience, lockstep, ...(open && { whenElsewhere }) }
      concealed = masking?.createExchange({ ...plain, from: () => open?.standing().from ?? 0 })
      const keepsLatest = open !== undefined
      remembering = memory?.createExchange({ ...plain, keepsLatest }, keepsLatest)
      updating = updates?.createExchange({ ...plain, keepsLatest }, keepsLatest)
      exchange = concealed ?? remembering ?? updating ?? createExchange({ ...plain, isAsync, keepsLatest, news })
    },
    at(now) {
      round = now
    },
    async offer(round, values) {
      handedOver = round
      if (masking !== undefined) return
      const encoded = whole === undefined ? await named(handover.encode(values)) : await whole.encode(values)
      offered = { ...encoded, round }
    },
    kept: method => keeps?.kept(method) ?? method,
    restore: (kept, source, method) => (keeps ? keeps.restore(kept, source, method) : method(kept)),
    replaced() {
      remembering?.replaced()
      news?.replaced()
    },
    latest: () => exchange?.latest() ?? offered,
    handed() {
      if (masking === undefined || handedOver === undefined) return undefined
      return { round: handedOver, digest: new Uint8Array() }
    },
    async idle() {
      // A neighbour may need our last head to finish.
      await exchange?.idle()
    },
    get counters() {
      return countsOf(handover, masking, concealed, remembering ?? updating)
    },
  }
}

async function named(encoding: Promise<Uint8Array>): Promise<Omit<StatePayload, 'round'>> {
  const bytes = await encoding
  return { bytes, digest: await digestOf(bytes) }
}

function newsIn({ manifest: { exchange }, layout, steps, forge }: NeighbourRoadInit): News | undefined {
  // A liar has something to say in every round.
  if (exchange.when !== 'adaptive' || forge !== undefined) return undefined
  return createNews({ size: layout.size, moved: exchange.moved, steps })
}

function countsOf(
  { counters: heads }: Handover,
  masking: Masking | undefined,
  concealed: MaskedExchange | undefined,
  copying: Pick<RememberingExchange | UpdateExchange, 'counters'> | undefined,
): Road['counters'] {
  const [shares, copies] = [masking?.service?.counters, copying?.counters]
  return {
    sentBytes: heads.sentBytes + (shares?.sentBytes ?? 0),
    receivedBytes: heads.receivedBytes + (shares?.receivedBytes ?? 0) + (copies?.repairBytes ?? 0),
    rejected: addedCounts(heads.rejected, shares?.rejected, concealed?.voided, copies?.rejected),
  }
}
