import { createHash } from 'node:crypto'
import { classification, type Dataset, type Standardisation, uninformedLoss } from '../data/index.js'
import { HearsayError } from '../errors.js'
import {
  type BackendReport,
  createLearnerPool,
  type Learner,
  type LearnerPool,
  type ModelSpec,
  type PoolModel,
} from '../learner/index.js'
import { checkFirstSums, checkTopology, modulesOf } from '../methods/index.js'
import type { HeadSection, Layout } from '../tensors/index.js'
import { createScheduled, crowdOf, usedTopologies } from '../topology/index.js'
import type { AssembledPeer } from './assembled-peer.js'
import { assemblePeer } from './assembly.js'
import type { PeerEvent } from './events.js'
import { foundersOf, type Manifest } from './manifest.js'
import type { Member } from './membership/member.js'
import type { Identity } from './network/identity.js'
import { checkInvited, hostNetwork } from './network/peer-network.js'
import { reach } from './network/reach.js'
import { dataOf } from './peer-data.js'
import { checkHead, choicesOf } from './peer-model.js'
import type { PeerOptions } from './peer-options.js'
import { createSight } from './peer-sight.js'
import { learnerFor } from './private-learner.js'
import { runIdOf } from './run-id.js'
import { localPlan, sharedSection } from './training.js'

/** A peer of a run: it trains on its own data, and gossips with the other live peers. */
export interface Peer extends Omit<AssembledPeer, 'run' | 'connect' | 'idle'> {
  readonly runId: Uint8Array
  readonly backend: BackendReport
  /** Steps of its training so far. */
  readonly taken: LearnerPool['taken']
  readonly dataset: Dataset
  /** Number of its training samples. */
  readonly samples: number
  /** How the model's inputs are standardised. Where peers agree on it, it is set from the event `standardised` on. */
  readonly standardisation: Standardisation | undefined
  /** This peer's own, where peers may have bodies of their own. */
  readonly model: ModelSpec
  readonly layout: Layout
  readonly head: HeadSection
  /**
   * Connects to its contacts, waits for enough others, then trains and merges round by round. May be called once.
   *
   * @param options.round - where the peer left off; copy its model of then into `parameters` first, and `restore` the
   *   rest. @default 0
   */
  run(options?: PeerRunOptions): AsyncGenerator<PeerEvent, void, undefined>
}

export interface PeerRunOptions {
  readonly round?: number
  /**
   * Rounds that it has ended ever, where it resumes with an earlier model: with masks it takes part in none of them again.
   * @default round
   */
  readonly reached?: number
  /**
   * How many peers it waits for, itself among them, unless it finds one that is already in its rounds.
   * @default the manifest's
   */
  readonly minPeers?: number
  /** The sum it agreed on with others before it left: `sum` of its event `standardised`. */
  readonly agreed?: string | undefined
  readonly signal?: AbortSignal
}

/** Any free port of every network that this machine has. */
const listenDefault = ['/ip4/0.0.0.0/tcp/0']

/**
 * A peer in the field, listening: its data read, its backend started, its model built. Call `run`, then `stop`.
 *
 * ```ts
 * const own = { set: 'scans/' }
 * const manifest = await settleTask(parseManifest({ rounds: 20 }), own)
 * const peer = await createPeer({ manifest, identity: await createIdentity(), name: 'boston', data: { own } })
 * for await (const event of peer.run()) if (event.type === 'evaluated') console.log(event.round, event.accuracy)
 * await peer.stop()
 * ```
 *
 * @throws {@link HearsayError} if this machine or the peer's data lack what the manifest requires
 */
export async function createPeer(options: PeerOptions): Promise<Peer> {
  const { manifest, identity, name, signal } = options
  const share = 'share' in options.data ? options.data.share : undefined
  const { network = {}, contacts = [], remembered = [], members } = options
  if (manifest.privacy !== undefined && options.budget === undefined) {
    const remedy = 'pass the ledger so far and a keep that writes it to a disk, or take openPeer, which does both'
    throw new HearsayError(
      'USAGE',
      `is missing, and this run has a budget of privacy, which must outlast the process: ${remedy}`,
      {
        field: 'budget',
      },
    )
  }
  checkGraphs(manifest, members?.length)
  if (manifest.exchange.when === 'sampled') {
    throw new HearsayError('MANIFEST', 'exchange: sampled runs in a simulation only as yet; use another for the field')
  }
  const self = members === undefined ? 0 : members.findIndex(({ peerId }) => peerId.equals(identity.peerId))
  if (self < 0)
    throw new HearsayError('NETWORK', `this identity, ${identity.peerId}, is not among the members`, { source: name })
  const run = { runId: runIdOf(manifest), founders: foundersOf(manifest), contacts: [...contacts, ...remembered] }
  const invitedBy = await checkInvited(network, run, identity.peerId)
  const { dataset, samples } = await dataOf(options)
  const objective = manifest.task?.objective ?? dataset.objective ?? classification
  const seen = createSight(manifest, identity.peerId.toString(), dataset, samples)
  const choices = choicesOf(options, dataset, share)
  const pool = await createLearnerPool(
    {
      backend: options.backend ?? 'auto',
      // One peer trains one batch after the other: a second worker would have nothing to do.
      workers: 1,
      models: choices,
      modules: modulesOf(manifest.merge, options.modules),
      classes: dataset.classes.length,
      objective,
      seed: manifest.seed,
    },
    signal === undefined ? {} : { signal },
  )
  try {
    const [model] = pool.models
    const head = sharedSection(manifest, model.layout, model.headLayer)
    checkHead(head, pool, manifest)
    const { runId } = run
    const { data } = seen
    const number = numberOf(identity)
    const parts = await assemblePeer({
      manifest,
      runId,
      self,
      name,
      identity,
      topologyOf: peers => createScheduled(manifest, peers),
      ...trainingOf(options, model, samples.size, model.learner(data, number)),
      pool,
      model,
      data,
      number,
      localPlan: localPlan(manifest),
      parameters: model.initialParameters(),
      head,
      test: dataset.test,
      summand: seen.summand,
      uninformed: uninformedLoss(objective, dataset.classes.length),
      transport: 'tcp',
      listen: options.listen ?? listenDefault,
      field: {
        ...hostNetwork(members === undefined ? network : { ...network, allow: idsOf(members) }, run),
        ...(share === undefined ? {} : { share }),
        invitedBy,
        onTwin: options.onTwin,
      },
    })
    await parts.start()
    const known = {
      runId,
      dataset,
      samples: samples.size,
      sight: seen.standardisation,
      model: choices[0].model,
      layout: model.layout,
      head,
    }
    return peerOf(parts, pool, known, options)
  } catch (error) {
    await pool.close()
    throw error
  }
}

/** @param members - how many a fixed federation has. @default peers come and go */
function checkGraphs(manifest: Manifest, members: number | undefined): void {
  const { topology, exchange, seed, minPeers } = manifest
  const specs = [topology, ...(exchange.when === 'window' ? [exchange.dense] : [])]
  for (const [at, spec] of specs.entries()) {
    const peers = members ?? 2
    for (const graphsOf of [() => createScheduled(manifest, peers), () => usedTopologies(manifest, peers)[at]!]) {
      checkTopology(manifest, graphsOf, () =>
        members === undefined ? crowdOf(spec, seed) : usedTopologies(manifest, members)[at],
      )
    }
    checkFirstSums(manifest, minPeers, () => usedTopologies(manifest, members ?? minPeers)[at]!)
  }
}

function trainingOf(options: PeerOptions, model: PoolModel, records: number, learner: Learner) {
  const { manifest, budget: kept, members } = options
  const topology = members && createScheduled(manifest, members.length)
  return learnerFor({
    manifest,
    model,
    learner,
    plan: localPlan(manifest)(0),
    records,
    isSeeded: false,
    kept,
    topology,
  })
}

function peerOf(
  parts: AssembledPeer,
  pool: LearnerPool,
  known: Pick<Peer, 'runId' | 'dataset' | 'samples' | 'model' | 'layout' | 'head'> & {
    readonly sight: () => Standardisation | undefined
  },
  { manifest, contacts = [], remembered = [], members, hasBegun = false }: PeerOptions,
): Peer {
  const { sight: _, ...facts } = known
  return {
    ...facts,
    get standardisation() {
      return known.sight()
    },
    self: parts.self,
    identity: parts.identity,
    parameters: parts.parameters,
    get counters() {
      return parts.counters
    },
    backend: pool.backend,
    get spent() {
      return parts.spent
    },
    get taken() {
      return pool.taken
    },
    start: () => parts.start(),
    addresses: () => parts.addresses(),
    listening: () => parts.listening(),
    reachability: () => parts.reachability(),
    members: () => parts.members(),
    finished: () => parts.finished(),
    heard: () => parts.heard(),
    evaluate: (round, signal) => parts.evaluate(round, signal),
    relativeLoss: (saved, signal) => parts.relativeLoss(saved, signal),
    kept: upTo => parts.kept(upTo),
    restore: (kept, source) => parts.restore(kept, source),
    async *run({
      round = 0,
      reached = round,
      minPeers = manifest.minPeers,
      agreed,
      signal = new AbortController().signal,
    } = {}) {
      await reach(parts, contacts, signal)
      const whom = { remembered: [...contacts, ...remembered], ...(members && { members }) }
      yield* parts.run(
        { kind: 'open', round, reached, samples: known.samples, hasBegun, minPeers, agreed, ...whom },
        signal,
      )
    },
    async stop() {
      await parts.stop()
      await pool.close()
    },
    async kill() {
      await parts.kill()
      await pool.close()
    },
  }
}

function idsOf(members: readonly Member[]): Member['peerId'][] {
  return members.map(({ peerId }) => peerId)
}

/** Makes the peer's random numbers differ from others': the same number each time the peer comes back. */
function numberOf({ peerId }: Identity): number {
  return createHash('sha256').update(peerId.toString()).digest().readUInt32BE() >>> 1
}
