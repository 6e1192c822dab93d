import { setMaxListeners } from 'node:events'
import { meanStandardisation } from '../data/index.js'
import { createDeadline } from '../deadline.js'
import type { SavedRun, StateKeeper } from '../disk/index.js'
import { methodOf } from '../methods/index.js'
import type { AssembledPeer, Entry, PeerEvent, RunEvent } from '../node/index.js'
import { headOf } from '../tensors/index.js'
import { createRoundBook, type RoundBook } from '../watch/index.js'
import { type Baselines, runBaselines } from './baselines.js'
import { type Fault, withFaults } from './faults.js'
import { interleaved } from './interleaved.js'
import type { Network } from './network.js'
import type { Prepared } from './prepared.js'
import { createProgressOf, type ProgressOf } from './progress.js'
import type { PeerResult, SimulationResult } from './result.js'
import { RoundKeeper } from './round-keeper.js'

export interface RunOptions {
  /** Also train each peer alone, and one model on all data. @default true */
  readonly baselines?: boolean
  readonly faults?: readonly Fault[]
  readonly signal?: AbortSignal
}

/** The state that a run resumes from, and the keeper of its state. */
export interface Continuation {
  readonly from: SavedRun | undefined
  readonly keeper: StateKeeper | undefined
}

/** Runs the peers of a network to their end, computes their figures, and then runs the baselines. */
export function runPeers(
  prepared: Prepared,
  network: Network,
  options: RunOptions,
  continuation: Continuation,
): AsyncGenerator<RunEvent, SimulationResult, undefined> {
  return new PeersRun(prepared, network, options, continuation).run()
}

class PeersRun {
  private readonly until
  private readonly signal
  private readonly book: RoundBook
  private readonly progress: ProgressOf
  private readonly keeper: RoundKeeper | undefined
  private readonly from
  /** Peers that have not died before. */
  private readonly living: readonly AssembledPeer[]
  private startedAt = performance.now()
  private endedAt = this.startedAt
  private joined = 0

  constructor(
    private readonly prepared: Prepared,
    private readonly network: Network,
    private readonly options: RunOptions,
    { from, keeper }: Continuation,
  ) {
    this.until = createDeadline(options.signal)
    this.signal = this.until.signal
    // Every peer's job listens to the signal, and Node warns of a leak from 11 listeners on.
    setMaxListeners(0, this.signal)
    this.from = from
    this.living = network.peers.filter(({ self }) => from?.peers[self]?.failed !== true)
    this.book = this.createBook()
    this.progress = createProgressOf(prepared.ids, from, keeper !== undefined)
    this.keeper = keeper && new RoundKeeper(keeper, network, this.progress, from)
  }

  async *run(): AsyncGenerator<RunEvent, SimulationResult, undefined> {
    const { options, network, until } = this
    let baselines: Baselines | undefined
    let interrupted = false
    try {
      yield* this.rounds()
      // The baselines need the network's memory, but no network.
      await network.stop()
      if (options.baselines !== false) baselines = yield* runBaselines(this.prepared, this.signal)
    } catch (error) {
      if (!options.signal?.aborted) throw error
      interrupted = true
    } finally {
      until.abort(new Error('The run is over'))
      until.clear()
      await network.stop()
    }
    return this.result(baselines, interrupted)
  }

  private async *rounds(): AsyncGenerator<RunEvent, void, undefined> {
    const { book, progress, keeper, living, network, from } = this
    const { runId, ids } = this.prepared
    const { attackers } = this.prepared
    const members = network.members.map(({ peerId, name }, at) => {
      const attack = attackers.get(at)?.kind
      return { peer: peerId.toString(), name, ...(attack && { attack }) }
    })
    const run = Buffer.from(runId).toString('hex')
    yield { type: 'begin', atMs: Date.now(), round: from?.rounds ?? 0, run, members }
    for await (const event of interleaved(this.sources())) {
      if (event.type === 'joined' && ++this.joined === living.length) this.startedAt = performance.now()
      progress.add(event)
      if (event.type === 'failed') book.lose(ids.indexOf(event.peer))
      this.endedAt = performance.now()
      yield event
      for (const figures of book.ready()) {
        yield { atMs: Date.now(), ...figures }
        keeper?.add(figures)
      }
      await keeper?.commitWhole()
    }
    for (const figures of await book.settle()) {
      yield { atMs: Date.now(), ...figures }
      keeper?.add(figures)
    }
    await keeper?.commitWhole()
  }

  /** Each living peer's events. */
  private sources(): AsyncIterable<RunEvent>[] {
    const { network, options, from, signal } = this
    const round = from?.rounds ?? 0
    if (round === this.prepared.manifest.rounds) return []
    return this.living.map(peer => {
      const entry: Entry = { kind: 'members', members: network.members, round }
      return withFaults(peer, this.noted(peer, entry), options.faults ?? [], network.lockstep, signal)
    })
  }

  /** Passes a peer's events on once they are in the book and kept: the peer waits until its model is copied. */
  private async *noted(peer: AssembledPeer, entry: Entry): AsyncGenerator<PeerEvent, void, undefined> {
    const { book, keeper, network, signal } = this
    const head = headOf(peer.parameters, this.prepared.models[peer.self]!.head)
    await network.begins(peer.self, head)
    for await (const happened of peer.run(entry, signal)) {
      if (happened.type === 'ended') await network.begins(peer.self, head)
      const event = happened.type === 'evaluated' ? await this.withBackdoor(peer, happened) : happened
      const kept = event.type === 'ended' ? keeper?.ended(peer, event.round) : undefined
      await Promise.all([book.add(peer.self, event, signal), kept])
      yield event
    }
  }

  /** A test of an honest peer, with how often a backdoor succeeds in it. The peer's model is still meanwhile. */
  private async withBackdoor<E extends PeerEvent>({ self, parameters }: AssembledPeer, event: E): Promise<E> {
    const { stamped, attackers, models, shards } = this.prepared
    const samples = stamped?.[self]
    if (samples === undefined || samples.size === 0 || attackers.has(self)) return event
    const { signal } = this
    const { model } = models[self]!
    const { accuracy } = await model.evaluate(parameters, samples, shards[self]!.standardisation, { signal })
    return { ...event, backdoor: accuracy }
  }

  private createBook(): RoundBook {
    const { network, from, signal } = this
    const { manifest, shards, models, dataset, head, attackers } = this.prepared
    const standardisation = shards[0]!.common ?? meanStandardisation(shards.map(shard => shard.standardisation))
    const lost = network.peers.flatMap(({ self }) => (from?.peers[self]?.failed === true ? self : []))
    return createRoundBook({
      peers: manifest.peers,
      attackers: new Set(attackers.keys()),
      // Peers with models of their own differ on purpose, and those that wait hold aggregates of different rounds: they
      // have no mean, and no distance to it.
      ...(methodOf(manifest.merge).needs.models !== 'own' &&
        manifest.exchange.when !== 'sampled' && {
          models: {
            head,
            parametersOf: peer => network.peers[peer]!.parameters,
            evaluateMean: async mean =>
              (await models[0]!.model.evaluate(mean, dataset.test, standardisation, { signal })).accuracy,
          },
        }),
      sentBytes: () => network.sentBytes(),
      ...(from && { before: { ...from, lost } }),
    })
  }

  private result(baselines: Baselines | undefined, interrupted: boolean): SimulationResult {
    const { book, progress, network, from } = this
    return {
      last: book.last(),
      lastTested: book.lastTested(),
      peers: network.peers.map(peer => this.peerResult(peer)),
      baselines,
      sentBytes: network.sentBytes(),
      traffic: network.traffic(),
      absent: progress.absent,
      rejected: network.rejected(),
      samples: progress.samples,
      seconds: (from?.seconds ?? 0) + (this.endedAt - this.startedAt) / 1000,
      interrupted,
    }
  }

  private peerResult(peer: AssembledPeer): PeerResult {
    const { self, parameters, spent } = peer
    const { shards, models } = this.prepared
    const { progress } = this
    const { name, samples } = shards[self]!
    return {
      name,
      samples: samples.size,
      tested: progress.tested(self),
      failed: progress.failed.has(self),
      spent,
      layout: models[self]!.model.layout,
      parameters,
      kept: peer.kept(progress.heardUpTo(self)),
    }
  }
}
