import { setMaxListeners } from 'node:events'
import { type Dataset, meanStandardisation, type Samples, type Shard } from '../data/index.js'
import { createDeadline } from '../deadline.js'
import type { PeerState, SavedRun, StateKeeper } from '../disk/index.js'
import type { BackendReport } from '../learner/index.js'
import { methodOf, type Tested } from '../methods/index.js'
import type { AssembledPeer, Manifest, PeerEvent, PeerMixture, RoundFigures, RunEvent } from '../node/index.js'
import type { HeadSection, Layout } from '../tensors/index.js'
import type { Topology } from '../topology/index.js'
import { createRoundBook, type RoundBook } from '../watch/index.js'
import { type Baselines, runBaselines } from './baselines.js'
import { type Fault, withFaults } from './faults.js'
import { interleaved } from './interleaved.js'
import type { PeerModel } from './models.js'
import type { Network, Transport } from './network.js'
import { createProgressOf } from './progress.js'

/** What will run, known before the first step. */
export interface Prepared {
  readonly manifest: Manifest
  readonly runId: Uint8Array
  readonly backend: BackendReport
  readonly workers: number
  readonly dataset: Dataset
  readonly shards: readonly Shard[]
  /** What each peer is tested on. */
  readonly tests: readonly Samples[]
  readonly models: readonly PeerModel[]
  /** Peer ids, as text. */
  readonly ids: readonly string[]
  readonly topology: Topology
  readonly spectralGap: number
  readonly layout: Layout
  readonly head: HeadSection
  readonly transport: Transport
}

/** How one peer ended. */
export interface PeerResult {
  readonly name: string
  readonly samples: number
  /** On the whole test set after the last round; of a killed peer, after the last round that it tested. */
  readonly tested: Tested | undefined
  readonly failed: boolean
  readonly layout: Layout
  readonly parameters: Float32Array
  /** In a mixture: transforms and gate, and the heads that it received. */
  readonly kept?: ReturnType<PeerMixture['kept']>
}

export interface SimulationResult {
  /** Figures of the last round that every live peer finished; none when interrupted before. */
  readonly last: RoundFigures | undefined
  /** Figures of the last round that was tested: the last of all, unless interrupted. */
  readonly lastTested: RoundFigures | undefined
  readonly peers: readonly PeerResult[]
  readonly baselines: Baselines | undefined
  readonly sentBytes: number
  /** Heads that should have come and did not. */
  readonly absent: number
  readonly rejected: Readonly<Record<string, number>>
  /** Samples trained by all peers, local epochs counted; baselines not. */
  readonly samples: number
  /** From the first peer's first step to the last peer's last; baselines not counted. */
  readonly seconds: number
  readonly interrupted: boolean
}

export interface RunOptions {
  /** Run each peer alone and all data in one place too. @default true */
  readonly baselines?: boolean
  readonly faults?: readonly Fault[]
  readonly signal?: AbortSignal
}

/** Where a run goes on, and where it keeps what it needs for that. */
export interface Continuation {
  readonly from: SavedRun | undefined
  readonly keeper: StateKeeper | undefined
}

/** Runs the peers of a network to their end, with their figures, and then the baselines. */
export async function* runPeers(
  prepared: Prepared,
  network: Network,
  options: RunOptions,
  { from, keeper }: Continuation,
): AsyncGenerator<RunEvent, SimulationResult, undefined> {
  const { manifest, dataset, shards, models, head } = prepared
  const until = createDeadline(options.signal)
  const { signal } = until
  // Every peer's job listens to it, and Node suspects a leak from 11 on.
  setMaxListeners(0, signal)
  const standardisation = shards[0]!.common ?? meanStandardisation(shards.map(shard => shard.standardisation))
  const first = from?.rounds ?? 0
  const lost = shards.flatMap((_, peer) => (from?.peers[peer]?.failed === true ? peer : []))
  const sentBytes = (): number => (from?.sentBytes ?? 0) + network.sentBytes()
  const rejected = (): Record<string, number> => sumOf(from?.rejected ?? {}, network.rejected())
  const book = createRoundBook({
    peers: manifest.peers,
    // Peers with models of their own differ on purpose: there is no mean of them, and no distance to it.
    ...(methodOf(manifest.merge).needs.models !== 'own' && {
      models: {
        head,
        parametersOf: peer => network.peers[peer]!.parameters,
        evaluateMean: async mean =>
          (await models[0]!.model.evaluate(mean, dataset.test, standardisation, { signal })).accuracy,
      },
    }),
    sentBytes,
    ...(from && { before: { ...from, lost } }),
  })
  const progress = createProgressOf(prepared.ids, from)
  const sent = createSent(network.peers)
  const { failed } = progress
  let interrupted = false
  let startedAt = performance.now()
  let endedAt = startedAt
  let joined = 0
  let baselines: Baselines | undefined

  try {
    const members = network.members.map(({ peerId, name }) => ({ peer: peerId.toString(), name }))
    const run = Buffer.from(prepared.runId).toString('hex')
    yield { type: 'begin', atMs: Date.now(), round: first, run, members }
    const living = network.peers.filter(({ self }) => !lost.includes(self))
    const entryOf = ({ self }: AssembledPeer) =>
      ({ kind: 'members', members: network.members, round: first, unmerged: from?.peers[self]?.unmerged }) as const
    const sources =
      first === manifest.rounds
        ? []
        : living.map(peer =>
            withFaults(
              peer,
              noted(book, peer, peer.run(entryOf(peer), signal), keeper && keptBy(keeper, sent), signal),
              options.faults ?? [],
              network.lockstep,
              signal,
            ),
          )
    /** Rounds whose figures are out, and which are not kept yet. */
    const toKeep: RoundFigures[] = []
    /** Once every event of a round was seen, the run can go on behind it. */
    async function keepWhole(): Promise<void> {
      for (let next = toKeep[0]; next !== undefined && progress.isWhole(next.round); next = toKeep[0]) {
        toKeep.shift()
        const peers = progress.peersAt(next.round)
        for (const [place, peer] of network.peers.entries()) {
          if (peers[place]!.failed) await keeper!.keep(place, next.round, stateOf(peer, progress.heardUpTo(place)))
        }
        const sentBytes = (from?.sentBytes ?? 0) + sent.at(next.round)
        await keeper!.commit({ ...progress.figuresAt(next), sentBytes, rejected: rejected() }, peers)
      }
    }
    for await (const event of interleaved(sources)) {
      if (event.type === 'joined' && ++joined === living.length) startedAt = performance.now()
      progress.add(event)
      if (event.type === 'failed') book.lose(prepared.ids.indexOf(event.peer))
      endedAt = performance.now()
      yield event
      for (const figures of book.ready()) {
        yield { atMs: Date.now(), ...figures }
        if (keeper !== undefined) toKeep.push(figures)
      }
      await keepWhole()
    }
    for (const figures of await book.settle()) {
      yield { atMs: Date.now(), ...figures }
      if (keeper !== undefined) toKeep.push(figures)
    }
    await keepWhole()
    // The baselines need no network, and its memory.
    await network.stop()
    if (options.baselines !== false) baselines = yield* runBaselines(prepared, signal)
  } catch (error) {
    if (!options.signal?.aborted) throw error
    interrupted = true
  } finally {
    until.abort(new Error('The run is over'))
    until.clear()
    await network.stop()
  }
  return {
    last: book.last(),
    lastTested: book.lastTested(),
    peers: shards.map((shard, peer) => {
      const { parameters, mixture } = network.peers[peer]!
      return {
        name: shard.name,
        samples: shard.samples.size,
        tested: progress.tested(peer),
        failed: failed.has(peer),
        layout: models[peer]!.model.layout,
        parameters,
        ...(mixture && { kept: mixture.kept(progress.heardUpTo(peer)) }),
      }
    }),
    baselines,
    sentBytes: sentBytes(),
    absent: progress.absent,
    rejected: rejected(),
    samples: progress.samples,
    seconds: (from?.seconds ?? 0) + (endedAt - startedAt) / 1000,
    interrupted,
  }
}

/**
 * Passes a peer's events on once they are in the book, and kept: the peer does not go on before its model is copied.
 */
async function* noted(
  book: RoundBook,
  peer: AssembledPeer,
  events: AsyncIterable<PeerEvent>,
  keep: ((peer: AssembledPeer, round: number) => Promise<void>) | undefined,
  signal: AbortSignal,
): AsyncGenerator<PeerEvent, void, undefined> {
  for await (const event of events) {
    const kept = event.type === 'ended' ? keep?.(peer, event.round) : undefined
    await Promise.all([book.add(peer.self, event, signal), kept])
    yield event
  }
}

/** Keeps a peer's state, and how much it has sent by then: what it said in the round has gone out. */
function keptBy(keeper: StateKeeper, sent: Sent): (peer: AssembledPeer, round: number) => Promise<void> {
  return async (peer, round) => {
    const kept = keeper.keep(peer.self, round, stateOf(peer, round))
    await Promise.all([kept, peer.idle()])
    sent.note(peer, round)
  }
}

function stateOf(peer: AssembledPeer, heardUpTo: number): PeerState {
  const { parameters, mixture } = peer
  return { parameters, mixture: mixture?.kept(heardUpTo), usual: peer.usual(), unmerged: peer.unmerged() }
}

/** What was sent by the end of a round, though quick peers send more already. */
interface Sent {
  note(peer: AssembledPeer, round: number): void
  /** By all peers; who died has sent what it has. Rounds are asked for in order, each once. */
  at(round: number): number
}

function createSent(peers: readonly AssembledPeer[]): Sent {
  const rounds = new Map<number, Map<AssembledPeer, number>>()
  return {
    note(peer, round) {
      const ofRound = rounds.get(round) ?? new Map<AssembledPeer, number>()
      rounds.set(round, ofRound.set(peer, peer.counters.sentBytes))
    },
    at(round) {
      const ofRound = rounds.get(round)
      rounds.delete(round)
      return peers.reduce((sum, peer) => sum + (ofRound?.get(peer) ?? peer.counters.sentBytes), 0)
    },
  }
}

function sumOf(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const total: Record<string, number> = { ...a }
  for (const [reason, count] of Object.entries(b)) total[reason] = (total[reason] ?? 0) + count
  return total
}
