import { codecOf } from '../../codec/index.js'
import {
  type Buffers,
  createHandover,
  digestOf,
  type Handover,
  type HearsayHost,
  masked,
  type RejectionReason,
  type StatePayload,
  type Timing,
} from '../../gossip/index.js'
import { addedCounts } from '../../reason-counts.js'
import type { Layout } from '../../tensors/index.js'
import type { Topology } from '../../topology/index.js'
import type { Lockstep } from '../lockstep.js'
import type { Manifest } from '../manifest.js'
import type { PairKeys } from '../pair-keys.js'
import { createExchange, type ExchangeInit, type StreamExchange } from './exchange.js'
import type { MaskedExchange } from './masked-exchange.js'
import { createMasking } from './masking.js'
import type { Patience } from './patience.js'
import type { Beginning, Road } from './road.js'

export interface NeighbourRoadInit {
  readonly manifest: Manifest
  readonly runId: Uint8Array
  /** Layout of what is handed over. */
  readonly layout: Layout
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
  readonly handover: Handover
}

export function createNeighbourRoad(init: NeighbourRoadInit, node: HearsayHost): HandoverRoad {
  const { manifest } = init
  const { masks, limits } = manifest
  const isAsync = manifest.mode === 'async'
  let begun: Beginning | undefined
  let exchange: StreamExchange | undefined
  let concealed: MaskedExchange | undefined
  let round = 0
  let offered: StatePayload | undefined
  /** With masks: the last round of which a head was handed over. */
  let handedOver: number | undefined

  const admit = (sender: string, theirRound: number, step: number): RejectionReason | undefined => {
    if (theirRound >= manifest.rounds || step >= init.steps) return 'FUTURE_ROUND'
    if (begun?.open?.isUnlike(sender) === true) return 'OTHER_SUMS'
    const where = begun?.federation.at(theirRound)
    const number = where?.numbers.get(sender)
    if (where === undefined || number === undefined) return 'NOT_A_NEIGHBOUR'
    // In lockstep no peer lies, and how far one may be ahead along one-way edges depends on the graph.
    const isBound = !isAsync && init.lockstep === undefined
    if (isBound && theirRound > round + roundsAhead(where.topology)) return 'FUTURE_ROUND'
    return where.graph.receivesFrom(where.self).includes(number) ? undefined : 'NOT_A_NEIGHBOUR'
  }
  const masking = masks && createMasking({ ...init, masks, admit, normLimit: limits.headNorm }, init.keys!, node)
  const handover = createHandover({
    runId: init.runId,
    layout: masking?.layout ?? init.layout,
    codec: masking === undefined ? codecOf(manifest.encoding) : masked,
    latestOnly: isAsync,
    normLimit: limits.headNorm,
    admit,
    deadlines: init.timing.handover,
    ...(init.buffers === undefined ? {} : { buffers: init.buffers }),
  })({ node })

  return {
    kind: 'neighbours',
    handover,
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
      exchange = concealed ?? createExchange({ ...plain, isAsync, keepsLatest: open !== undefined })
    },
    at(now) {
      round = now
    },
    async offer(round, values) {
      handedOver = round
      if (masking !== undefined) return
      const bytes = await handover.encode(values)
      offered = { bytes, digest: await digestOf(bytes), round }
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
      const [heads, shares] = [handover.counters, masking?.service?.counters]
      return {
        sentBytes: heads.sentBytes + (shares?.sentBytes ?? 0),
        receivedBytes: heads.receivedBytes + (shares?.receivedBytes ?? 0),
        rejected: addedCounts(heads.rejected, shares?.rejected, concealed?.voided),
      }
    },
  }
}

/**
 * How many rounds an honest neighbour may be ahead of us. Over an edge that goes both ways it needs our head of each
 * round, so one round; along one-way edges it depends on us over up to log₂ m edges, each a round. A little more is
 * allowed for neighbours that stopped waiting for us at a deadline.
 */
function roundsAhead(topology: Topology): number {
  return (topology.directed ? Math.ceil(Math.log2(topology.peers)) + 1 : 1) + 3
}
