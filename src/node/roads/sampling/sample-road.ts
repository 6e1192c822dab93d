import { peerIdFromString } from '@libp2p/peer-id'
import { codecOf } from '../../../codec/index.js'
import { HearsayError } from '../../../errors.js'
import {
  createHandover,
  createSampling,
  type Handover,
  type HearsayHost,
  type PeerIdStr,
  type RejectionReason,
  type SampledAnswer,
  type SampledCall,
  type SamplingService,
  type SendResult,
  type Timing,
  viewFromBytes,
  viewToBytes,
} from '../../../gossip/index.js'
import type { Neighbourhood, Passing, Sampled, SampleRoad } from '../../../methods/index.js'
import { addedCounts } from '../../../reason-counts.js'
import { sampledIn } from '../../../topology/index.js'
import type { Lockstep } from '../../lockstep.js'
import type { NeighbourRoadInit } from '../neighbour-road.js'
import type { Beginning, Road } from '../road.js'
import { passInLockstep } from './in-lockstep.js'
import { Sampler, steps } from './sampler.js'

export interface SamplingRoadInit extends Pick<NeighbourRoadInit, 'manifest' | 'runId' | 'layout' | 'buffers'> {
  readonly lockstep: Lockstep
  readonly timing: Pick<Timing, 'handover' | 'sampling'>
}

/** The road of sampled participants, in a simulation: see {@link SampleRoad}. docs/sampling.md has the protocol. */
export function createSamplingRoad(init: SamplingRoadInit, node: HearsayHost): Road<'sample'> {
  return new Sampling(init, node)
}

/** A head that a peer has said it would hand over. */
interface Expected {
  readonly round: number
  readonly end: AbortController
}

class Sampling implements Road<'sample'> {
  readonly kind = 'sample'
  readonly road: SampleRoad
  private readonly self: PeerIdStr
  private readonly sampler: Sampler
  private readonly calls: SamplingService
  readonly handover: Handover
  private readonly stopping = new AbortController()
  /** By who hands it over and at which step: one of each at most. */
  private readonly expected = new Map<string, Expected>()
  private begun: Beginning | undefined
  private inRound = 0
  private failure: HearsayError | undefined

  constructor(
    private readonly init: SamplingRoadInit,
    node: HearsayHost,
  ) {
    const { manifest, runId, layout, buffers, timing } = init
    this.self = node.peerId.toString()
    this.handover = createHandover({
      runId,
      layout,
      codec: codecOf(manifest.encoding),
      isSlim: manifest.encoding.slim,
      normLimit: manifest.limits.headNorm,
      admit: (sender, round, step) => this.admitHead(sender, round, step),
      deadlines: timing.handover,
      ...(buffers && { buffers }),
    })({ node })
    this.calls = createSampling({
      runId,
      admit: caller => (this.members().has(caller) ? undefined : 'NOT_A_NEIGHBOUR'),
      answer: (caller, call) => this.answer(caller, call),
      deadlines: timing.sampling,
    })({ node })
    const { handover } = this
    this.sampler = new Sampler({
      self: this.self,
      rounds: manifest.rounds,
      settings: sampledIn(manifest.exchange)!,
      members: () => this.members(),
      links: {
        ask: (peer, call) => this.ask(peer, call),
        hand: (...head) => this.hand(...head),
        encode: head => handover.encode(head),
        decode: payload => handover.decode(payload),
        release: head => handover.release(head),
      },
    })
    const { sampler, self } = this
    this.road = {
      begins: round => round === 0 && sampler.firstOf(round).includes(self),
      pass: (...asked) => this.pass(...asked),
      kept: () => viewToBytes(sampler.view),
      recall: kept => {
        for (const [peer, activity] of viewFromBytes(kept)) sampler.view.set(peer, activity)
      },
    }
  }

  async start(): Promise<void> {
    await this.handover.start()
    await this.calls.start()
  }

  async stop(): Promise<void> {
    this.stopping.abort(new Error('Stopped'))
    await this.calls.stop()
    await this.handover.stop()
  }

  begin(beginning: Beginning): void {
    this.begun = beginning
  }

  at(round: number): void {
    this.inRound = round
  }

  /** Peers of one process begin together: nobody joins later. */
  latest(): undefined {
    return undefined
  }

  /** Resolves at once: a round ends when all has been taken. */
  async idle(): Promise<void> {}

  get counters(): Road['counters'] {
    const [heads, calls] = [this.handover.counters, this.calls.counters]
    return {
      sentBytes: heads.sentBytes + calls.sentBytes,
      receivedBytes: heads.receivedBytes + calls.receivedBytes,
      rejected: addedCounts(heads.rejected, calls.rejected),
    }
  }

  private async pass(round: number, has: Passing, where: Neighbourhood, signal: AbortSignal): Promise<Sampled> {
    const { self, sampler } = this
    const { lockstep } = this.init
    const passed = await passInLockstep({ self, sampler, lockstep }, round, has, where, signal)
    this.forgetBefore(round)
    if (this.failure !== undefined) throw this.failure
    return passed
  }

  /** Nobody before it is known which peers take part. */
  private members(): ReadonlyMap<PeerIdStr, number> {
    return this.begun?.federation.at(this.inRound).numbers ?? new Map()
  }

  private async ask(peer: PeerIdStr, call: SampledCall): Promise<SampledAnswer | undefined> {
    // What is asked for a round happens in the one before it.
    if (this.init.lockstep.isGone(peer, call.round - 1)) return undefined
    return this.calls.ask(peerIdFromString(peer), call, this.stopping.signal)
  }

  private answer(caller: PeerIdStr, call: SampledCall): SampledAnswer {
    const answer = this.sampler.answer(call)
    if (answer.code === 'READY') this.await(caller, call)
    return answer
  }

  /** From now on this head is taken, until the caller announces another. */
  private await(caller: PeerIdStr, { part, round }: SampledCall): void {
    const step = part === 'AGGREGATOR' ? steps.trained : steps.aggregate
    const key = `${caller}/${step}`
    this.expected.get(key)?.end.abort(new Error('Another is announced'))
    const end = new AbortController()
    this.expected.set(key, { round, end })
    this.handover.take(caller, round, step, end.signal).then(
      head => this.sampler.came(caller, round, step, head),
      // It was refused and counted, or is not expected any more.
      () => {},
    )
  }

  private admitHead(sender: PeerIdStr, round: number, step: number): RejectionReason | undefined {
    const expected = this.expected.get(`${sender}/${step}`)
    return expected?.round === round ? undefined : 'NOT_A_NEIGHBOUR'
  }

  private async hand(peer: PeerIdStr, round: number, step: number, payload: Uint8Array): Promise<boolean> {
    const sent = await this.handover.send(peerIdFromString(peer), round, step, payload, this.stopping.signal)
    if (!sent.ok) this.failure ??= lost(peer, round, sent.reason)
    return sent.ok
  }

  private forgetBefore(round: number): void {
    this.handover.advance(round, 0)
    for (const [key, { round: theirs, end }] of this.expected) {
      if (theirs > round) continue
      end.abort(new Error('It comes too late'))
      this.expected.delete(key)
    }
  }
}

/** No head of a living peer of one process may be lost: its numbers would differ from run to run. */
function lost(peer: PeerIdStr, round: number, reason: Extract<SendResult, { ok: false }>['reason']): HearsayError {
  return new HearsayError(
    'NETWORK',
    `peer ${peer} did not take a head of round ${round} (${reason}), though it is alive; may this process open no more files or connections (ulimit -n)?`,
  )
}
