import { codecNamed } from '../codec/index.js'
import type { Samples } from '../data/index.js'
import { HearsayError } from '../errors.js'
import {
  type Buffers,
  createHandover,
  digestOf,
  type Handover,
  type HearsayHost,
  ReasonCounts,
  type RejectionReason,
  type StatePayload,
  type Timing,
} from '../gossip/index.js'
import type { Learner, LocalPlan, TrainReport } from '../learner/index.js'
import { type Merge, stalenessSchema } from '../merge/index.js'
import { type HeadSection, headOf } from '../tensors/index.js'
import type { Topology } from '../topology/index.js'
import { type Believing, type BelievingInit, createBelieving, probeOf } from './believing.js'
import type { Disbelief } from './events.js'
import { createExchange, type ExchangeInit, type StreamExchange } from './exchange.js'
import type { Federation } from './federation.js'
import { createGossip, type Gossip } from './gossip.js'
import type { Lockstep } from './lockstep.js'
import type { Manifest } from './manifest.js'
import type { OpenRun } from './open.js'
import type { Patience } from './patience.js'
import { whose } from './whose.js'
import type { MethodWork, Unmerged } from './work.js'

export interface MergingInit {
  /** Of this peer, in events. */
  readonly self: number
  /** Of this peer, in messages. */
  readonly name: string
  readonly manifest: Manifest
  readonly runId: Uint8Array
  readonly merge: Merge
  readonly learner: Learner
  /** Local training of a round. */
  readonly localPlan: (round: number) => LocalPlan
  readonly parameters: Float32Array
  readonly head: HeadSection
  readonly test: Samples
  /** What it trains on. */
  readonly samples: Samples
  /** See {@link uninformedLoss}. */
  readonly uninformed: number
  /** Of an interrupted run that goes on: see {@link BelievingInit}. */
  readonly usual?: BelievingInit['usual']
  /** See {@link ExchangeInit}. */
  readonly forge?: ExchangeInit['forge']
  readonly buffers?: Buffers
  readonly patience: Patience
  readonly timing: Pick<Timing, 'handover'>
  /** See {@link ExchangeInit.lockstep}. */
  readonly lockstep?: Lockstep | undefined
  /** Longest try to reach a neighbour whose connection is lost. */
  readonly dialMs: number
}

/** Merging as a method: a head goes to the neighbours on streams, and is averaged with theirs. */
export interface Merging extends MethodWork {
  /** Loss of the model as it is now, on a few own samples. */
  loss(signal: AbortSignal): Promise<number>
  /** What was usual in its merges: see `Belief`. */
  usual(): readonly number[]
  /** Where the last round merged. Until the next one does, it stays as it is. */
  unmerged(): Unmerged | undefined
  /** The head was this before another's was taken over: what it goes back to where training diverges on that. */
  replaced(before: Float32Array): void
  /** Reads and gives back heads that others hold of themselves. */
  readonly handover: Handover
}

export function createMerging(init: MergingInit, node: HearsayHost): Merging {
  const { self, manifest, merge, learner, parameters, localPlan, test } = init
  const isAsync = manifest.mode === 'async'
  let federation: Federation | undefined
  let run: OpenRun | undefined
  let exchange: StreamExchange | undefined
  let believing: Believing | undefined
  let gossip: Gossip | undefined
  let report: Pick<TrainReport, 'loss' | 'samples' | 'moved' | 'seconds'> = nothingTrained
  let round = 0
  const disbelieved = new ReasonCounts<Disbelief>()
  let offered: StatePayload | undefined

  const admit = (sender: string, theirRound: number, step: number): RejectionReason | undefined => {
    if (theirRound >= manifest.rounds || step >= merge.gossipSteps) return 'FUTURE_ROUND'
    if (run?.isUnlike(sender) === true) return 'OTHER_SUMS'
    const where = federation?.at(theirRound)
    const number = where?.numbers.get(sender)
    if (where === undefined || number === undefined) return 'NOT_A_NEIGHBOUR'
    // In lockstep nobody lies, and how far one may be ahead along one-way edges depends on the graph.
    const isBound = !isAsync && init.lockstep === undefined
    if (isBound && theirRound > round + roundsAhead(where.topology)) return 'FUTURE_ROUND'
    return where.graph.receivesFrom(where.self).includes(number) ? undefined : 'NOT_A_NEIGHBOUR'
  }
  const handover = createHandover({
    runId: init.runId,
    layout: init.head.layout,
    codec: codecNamed(manifest.encoding),
    latestOnly: isAsync,
    normLimit: manifest.limits.headNorm,
    admit,
    deadlines: init.timing.handover,
    ...(init.buffers === undefined ? {} : { buffers: init.buffers }),
  })({ node })

  const probe = probeOf(init.samples)
  const loss = async (signal: AbortSignal): Promise<number> =>
    (await learner.evaluate(parameters, probe, { signal })).loss

  return {
    handover,
    loss,
    usual: () => believing?.usual() ?? init.usual ?? [],
    unmerged() {
      const head = gossip?.before()
      return head && { head, loss: report.loss }
    },
    replaced: before => gossip?.replaced(before),
    start: () => handover.start(),
    stop: () => handover.stop(),
    begin({ federation: known, open, tellsMembers, unmerged: last }) {
      federation = known
      run = open
      const { patience, dialMs, lockstep } = init
      const coming = open === undefined ? {} : { whenElsewhere: open.whenElsewhere, keepsLatest: true }
      exchange = createExchange({ node, handover, forge: init.forge, isAsync, dialMs, patience, lockstep, ...coming })
      const { gossipSteps: steps, chebyshev } = merge
      const staleness = stalenessSchema.parse(manifest.staleness ?? {})
      const believes = createBelieving({
        limits: manifest.limits,
        usual: init.usual,
        uninformed: init.uninformed,
        loss,
      })
      believing = believes
      const exchanging = createGossip({
        self,
        federation,
        steps,
        chebyshev,
        exchange,
        believing: believes,
        staleness,
        isOpen: tellsMembers,
        before: last?.head,
        onRefused: reason => disbelieved.add(reason),
      })
      gossip = exchanging
      report = { ...nothingTrained, loss: last?.loss ?? 0 }
      return {
        async train(round, signal) {
          try {
            report = await whose(
              init.name,
              learner.train(parameters, round, localPlan(round), { signal, part: init.head }),
            )
          } catch (error) {
            // Whose fault it is shows in the next round, which begins with what this peer has trained alone.
            const isDiverged = error instanceof HearsayError && error.code === 'RUN'
            if (!isDiverged || !exchanging.undo(headOf(parameters, init.head))) throw error
            report = { ...nothingTrained, loss: report.loss }
          }
          believes.trained(report)
          return report
        },
        evaluate: async (_, signal) => {
          const { samples: _samples, ...tested } = await learner.evaluate(parameters, test, { signal })
          return tested
        },
        async evaluateBefore(copy, signal) {
          const { samples: _samples, loss: _loss, ...quality } = await learner.evaluate(copy, test, { signal })
          return quality
        },
        ...(steps > 0 && { gossip: exchanging.round }),
      }
    },
    at(now) {
      round = now
    },
    async offer(round) {
      const bytes = await handover.encode(headOf(parameters, init.head))
      offered = { bytes, digest: await digestOf(bytes), round }
    },
    latest: () => exchange?.latest() ?? offered,
    async idle() {
      // A neighbour may need our last head to finish.
      await exchange?.idle()
    },
    get counters() {
      const { sentBytes, receivedBytes, rejected } = handover.counters
      return { sentBytes, receivedBytes, rejected: { ...rejected, ...disbelieved.toRecord() } }
    },
  }
}

/** The report of a round whose training was given up. */
const nothingTrained = { loss: 0, samples: 0, moved: 0, seconds: 0 } as const

/**
 * How far ahead of us a neighbour may honestly be. Over an edge that goes both ways it needs our head of each round,
 * so one round; along one-way edges the news takes up to log₂ m rounds to come round. A little more is allowed for
 * neighbours that stopped waiting for us at a deadline.
 */
function roundsAhead(topology: Topology): number {
  return (topology.directed ? Math.ceil(Math.log2(topology.peers)) + 1 : 1) + 3
}
