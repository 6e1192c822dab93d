import { setMaxListeners } from 'node:events'
import merge from 'it-merge'
import { type Dataset, meanStandardisation, type Quality, type Samples, type Shard } from '../data/index.js'
import type { BackendReport } from '../learner/index.js'
import type { Manifest, PeerEvent, PeerMixture, Tested } from '../node/index.js'
import type { HeadSection, Layout } from '../tensors/index.js'
import type { Topology } from '../topology/index.js'
import { createRoundBook, type RoundBook, type RoundFigures, type RunEvent } from '../watch/index.js'
import { type Baselines, runBaselines } from './baselines.js'
import { type Fault, withFaults } from './faults.js'
import type { PeerModel } from './models.js'
import type { Network, Transport } from './network.js'

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
  readonly tested: Quality | undefined
  readonly failed: boolean
  readonly layout: Layout
  readonly parameters: Float32Array
  /** In a mixture: transforms and gate, and the heads that it received. */
  readonly kept?: ReturnType<PeerMixture['kept']>
  /** In a mixture, of the round that `tested` is of. */
  readonly mixture?: NonNullable<Tested['mixture']>
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

/** Runs the peers of a network to their end, with their figures, and then the baselines. */
export async function* runPeers(
  prepared: Prepared,
  network: Network,
  options: RunOptions,
): AsyncGenerator<RunEvent, SimulationResult, undefined> {
  const { manifest, dataset, shards, models, head } = prepared
  const failure = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, failure.signal]) : failure.signal
  // Every peer's job listens to it, and Node suspects a leak from 11 on.
  setMaxListeners(0, signal)
  const standardisation = shards[0]!.common ?? meanStandardisation(shards.map(shard => shard.standardisation))
  const book = createRoundBook({
    peers: manifest.peers,
    // Peers of a mixture differ on purpose: there is no mean of them, and no distance to it.
    ...(manifest.merge.method !== 'mixture' && {
      models: {
        head,
        parametersOf: peer => network.peers[peer]!.parameters,
        evaluateMean: async mean =>
          (await models[0]!.model.evaluate(mean, dataset.test, standardisation, { signal })).accuracy,
      },
    }),
    sentBytes: network.sentBytes,
  })
  const tested = new Map<number, Tested>()
  const failed = new Set<number>()
  let samples = 0
  let absent = 0
  let interrupted = false
  let startedAt = performance.now()
  let endedAt = startedAt
  let joined = 0
  let baselines: Baselines | undefined

  try {
    const sources = network.peers.map(peer =>
      withFaults(
        peer,
        noted(book, peer.run({ kind: 'members', members: network.members }, signal), signal),
        options.faults ?? [],
        network.lockstep,
        signal,
      ),
    )
    for await (const event of merge(...sources)) {
      if (event.type === 'joined' && ++joined === manifest.peers) startedAt = performance.now()
      else if (event.type === 'trained') samples += event.samples
      else if (event.type === 'exchanged') absent += event.absent.length
      else if (event.type === 'evaluated') tested.set(event.peer, event)
      else if (event.type === 'failed') {
        failed.add(event.peer)
        book.lose(event.peer)
      }
      endedAt = performance.now()
      yield event
      yield* book.ready()
    }
    yield* await book.settle()
    // The baselines need no network, and its memory.
    await network.stop()
    if (options.baselines !== false) baselines = yield* runBaselines(prepared, signal)
  } catch (error) {
    if (!options.signal?.aborted) throw error
    interrupted = true
  } finally {
    failure.abort()
    await network.stop()
  }
  return {
    last: book.last(),
    lastTested: book.lastTested(),
    peers: shards.map((shard, peer) => {
      const { parameters, mixture } = network.peers[peer]!
      const last = tested.get(peer)
      return {
        name: shard.name,
        samples: shard.samples.size,
        tested: last,
        failed: failed.has(peer),
        layout: models[peer]!.model.layout,
        parameters,
        ...(mixture && { kept: mixture.kept() }),
        ...(last?.mixture && { mixture: last.mixture }),
      }
    }),
    baselines,
    sentBytes: network.sentBytes(),
    absent,
    rejected: network.rejected(),
    samples,
    seconds: (endedAt - startedAt) / 1000,
    interrupted,
  }
}

/** Passes a peer's events on once they are in the book: the peer does not go on before its model is copied. */
async function* noted(
  book: RoundBook,
  events: AsyncIterable<PeerEvent>,
  signal: AbortSignal,
): AsyncGenerator<PeerEvent, void, undefined> {
  for await (const event of events) {
    await book.add(event, signal)
    yield event
  }
}
