import {
  classification,
  type Dataset,
  partition,
  personalTests,
  type Reading,
  type Samples,
  type Shard,
  uninformedLoss,
} from '../data/index.js'
import { createStateKeeper, readState, type SavedRun, type StateInit, type StateKeeper } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { type BackendReport, createLearnerPool, type LearnerPool, type ModelChoice } from '../learner/index.js'
import { methodOf, modulesOf } from '../methods/index.js'
import {
  checkedTopology,
  loadData,
  type Manifest,
  type Member,
  type ReportedRun,
  type Reporter,
  type RunEvent,
  reported,
  runIdOf,
  withStandardise,
} from '../node/index.js'
import { spectralGap, type Topology, usedTopologies } from '../topology/index.js'
import type { RunSummary } from '../watch/index.js'
import { createAttackers } from './attacks/attackers.js'
import { attacksOn, checkPoison } from './attacks/fitting.js'
import { poisoned } from './attacks/poison.js'
import { stampedTests, triggerOf } from './attacks/trigger.js'
import { cutLinks, isKilled, stagedFaults } from './faults.js'
import { checkData, keptOptions } from './kept-options.js'
import { modelsOf, type PeerModel } from './models.js'
import { type Network, startNetwork, type Transport } from './network.js'
import type { Prepared } from './prepared.js'
import type { SimulationResult } from './result.js'
import { type RunOptions, runPeers } from './run.js'
import { summaryOf } from './summary.js'

export interface SimulationOptions extends RunOptions {
  /** @default 'auto', the best that loads */
  readonly backend?: 'auto' | BackendReport['name']
  /** @default 'tcp': real sockets on loopback */
  readonly transport?: Transport
  /** First of the TCP ports, one a peer. @default 0: the system chooses */
  readonly port?: number
  /** Learner threads. @default one a core */
  readonly workers?: number
  /** See {@link LearnerPoolInit.modules}; those of the run's method need not be named. @default none */
  readonly modules?: readonly URL[]
  /** Hostile peers, as `--attack` has them: "alie:2,5". Figures over peers are then of the others. @default none */
  readonly attacks?: readonly string[]
  /** Where heads are published: this share of all directions between peers is cut. @default 0 */
  readonly disconnect?: number
  /** Resumes the run that is kept in this folder, after its last complete round. @default begins anew */
  readonly resume?: ResumeOptions
  /** Called with the progress of reading the data. */
  readonly onRead?: Reading['onRead']
}

/** Where the run to resume is kept. */
export interface ResumeOptions {
  readonly folder: string
  /** Called with a line for a kept round that is damaged. */
  readonly tell: (line: string) => void
}

/** Where a run keeps what it needs to resume after its process has ended. */
export type KeepOptions = Pick<StateInit, 'folder' | 'told' | 'onLost'>

/** A simulation's result, and its summary. */
export interface SimulationOutcome extends SimulationResult {
  readonly summary: RunSummary
}

export interface SimulationRunOptions {
  /**
   * Where the run's state is kept after every round, which takes the time to write every peer's model. Ignored with
   * `mode: async`, whose numbers cannot be reproduced anyway.
   * @default nowhere
   */
  readonly keep?: KeepOptions | undefined
  /** Receive the run's events. @default none */
  readonly reporters?: readonly Reporter<RunSummary>[]
}

/** Many peers on this machine: the same code as in the field, over real connections. */
export interface Simulation {
  readonly prepared: Prepared
  readonly members: readonly Member[]
  /** Rounds that were complete before: 0 unless the run is resumed. */
  readonly rounds: number
  /** Runs the simulation; may be called once. The generator returns the result. */
  run(options?: SimulationRunOptions): AsyncGenerator<RunEvent, SimulationOutcome, undefined>
  /** Frees threads and sockets. Idempotent. */
  close(): Promise<void>
}

/**
 * Loads the data, starts the learners and the peers.
 *
 * @throws {@link HearsayError} where this machine or data set cannot provide what the manifest requires
 */
export async function createSimulation(asked: Manifest, options: SimulationOptions = {}): Promise<Simulation> {
  if (asked.training.pace !== undefined) {
    const why =
      'goes by clocks, and nothing in a simulation does: its numbers must not depend on how busy the machine is'
    throw new HearsayError('MANIFEST', `training.pace: ${why}; give training.steps in its place`)
  }
  const topology = topologyOf(asked, options)
  const attacks = attacksOn(asked, options.attacks)
  const dataset = await loadData(asked, {}, options)
  checkPoison(attacks, dataset)
  const manifest = withStandardise(asked, dataset)
  if (options.resume !== undefined) await checkData(options.resume.folder, dataset)
  const shards = partition(dataset, manifest.partition, manifest.peers, manifest.seed)
  const tests = testsOf(manifest, dataset, shards)
  const pool = await createPool(manifest, dataset, options)
  try {
    return await startSimulation({ manifest, topology, dataset, shards, tests, attacks }, pool, options)
  } catch (error) {
    await pool.close()
    throw error
  }
}

/** Creates and checks the topology before anything starts. λ costs little beside the spectral gap, always reported. */
function topologyOf(manifest: Manifest, { disconnect }: SimulationOptions): Topology {
  const { peers, merge } = manifest
  const topology = checkedTopology(manifest, peers)
  const { road, name } = methodOf(merge)
  if (disconnect === undefined || road !== 'neighbours') return topology
  throw new HearsayError('USAGE', `cuts the ways of what is published, which merge: ${name} has not; see --fail`, {
    field: '--disconnect',
  })
}

function createPool(
  manifest: Manifest,
  dataset: Dataset,
  { backend = 'auto', workers, modules, signal }: SimulationOptions,
): Promise<LearnerPool> {
  return createLearnerPool(
    {
      backend,
      ...(workers === undefined ? {} : { workers }),
      models: modelChoices(manifest, dataset),
      modules: modulesOf(manifest.merge, modules),
      classes: dataset.classes.length,
      ...(dataset.objective && { objective: dataset.objective }),
      seed: manifest.seed,
    },
    signal === undefined ? {} : { signal },
  )
}

async function startSimulation(
  known: Pick<Prepared, 'manifest' | 'topology' | 'dataset' | 'shards' | 'tests' | 'attacks'>,
  pool: LearnerPool,
  options: SimulationOptions,
): Promise<Simulation> {
  const { manifest, dataset, attacks } = known
  const { transport = 'tcp', port = 0, faults = [], disconnect = 0, resume } = options
  const models = modelsOf(manifest, pool)
  const [{ model, head }] = models as [PeerModel]
  const runId = runIdOf(manifest)
  const layouts = models.map(({ model }) => model.layout)
  const from = resume && (await readState({ ...resume, runId, layouts, head: head.layout }))
  const trigger = attacks.some(({ kind }) => kind === 'backdoor') ? triggerOf(dataset) : undefined
  // A schedule has none of its own: it may never repeat.
  const [usual] = usedTopologies(manifest, manifest.peers)
  const { gap } = spectralGap(usual!)
  const { peers, seed, mode } = manifest
  const isGone = (peer: number, round: number): boolean => isKilled(faults, peer, round)
  const attackers = createAttackers({ attacks, peers, seed, isAsync: mode === 'async', isGone })
  const network = await startNetwork({
    ...known,
    shards: poisoned(known.shards, { attacks, dataset, trigger, seed }),
    runId,
    uninformed: uninformedLoss(dataset.objective ?? classification, dataset.classes.length),
    pool,
    models,
    transport,
    port,
    faults,
    attackers,
    from,
    isCut: cutLinks(disconnect, manifest.peers, manifest.seed),
  })
  const prepared: Prepared = {
    ...known,
    runId,
    backend: pool.backend,
    workers: pool.workers,
    models,
    ids: network.members.map(({ peerId }) => peerId.toString()),
    spectralGap: gap,
    layout: model.layout,
    head,
    transport,
    attackers: attackers.byPeer,
    ...(trigger && { stamped: stampedTests(known.tests, trigger) }),
  }
  return new Started(prepared, pool, network, options, from)
}

class Started implements Simulation {
  readonly members
  readonly rounds

  constructor(
    readonly prepared: Prepared,
    private readonly pool: LearnerPool,
    private readonly network: Network,
    private readonly options: SimulationOptions,
    private readonly from: SavedRun | undefined,
  ) {
    this.members = network.members
    this.rounds = from?.rounds ?? 0
  }

  async *run({
    keep,
    reporters = [],
  }: SimulationRunOptions = {}): AsyncGenerator<RunEvent, SimulationOutcome, undefined> {
    const { prepared, options } = this
    const { signal = new AbortController().signal } = options
    const keeper = keep && (await this.createKeeper(keep))
    return yield* reported(this.summed(keeper), {
      run: reportedRun(prepared, this.members, this.rounds, options),
      reporters,
      endOf: ({ interrupted, summary }) => ({ how: interrupted ? 'interrupted' : 'finished', summary }),
      signal,
    })
  }

  async close(): Promise<void> {
    await this.network.stop()
    await this.pool.close()
  }

  private async *summed(keeper: StateKeeper | undefined): AsyncGenerator<RunEvent, SimulationOutcome, undefined> {
    const { prepared, network, options, from, pool } = this
    const result = yield* runPeers(prepared, network, options, { from, keeper })
    const { faults = [], disconnect = 0 } = options
    const staged = stagedFaults(faults, prepared.attacks, disconnect)
    return { ...result, summary: summaryOf(prepared, result, pool.taken, staged) }
  }

  private async createKeeper(keep: KeepOptions): Promise<StateKeeper | undefined> {
    const { prepared, options, rounds } = this
    const { manifest, runId, models, head } = prepared
    if (manifest.mode === 'async') return undefined
    const { signal = new AbortController().signal } = options
    const layouts = models.map(({ model }) => model.layout)
    return createStateKeeper(
      { ...keep, runId, layouts, head: head.layout, rounds, signal },
      keptOptions(prepared, options),
    )
  }
}

function reportedRun(
  { runId, manifest, dataset }: Prepared,
  members: readonly Member[],
  rounds: number,
  { baselines = true }: SimulationOptions,
): ReportedRun {
  return {
    id: Buffer.from(runId).toString('hex'),
    manifest,
    rounds,
    members: members.map(({ peerId, name }) => ({ peer: peerId.toString(), name })),
    classes: dataset.classes,
    baselines,
  }
}

function modelChoices({ model, models }: Manifest, { inputShape }: Dataset): [ModelChoice, ...ModelChoice[]] {
  const [first, ...others] = (models ?? [model]).map(model => ({ model, inputShape }))
  return [first!, ...others]
}

function testsOf({ evaluation, partition, seed }: Manifest, dataset: Dataset, shards: readonly Shard[]): Samples[] {
  return evaluation.on === 'own' ? personalTests(dataset, partition, shards, seed) : shards.map(() => dataset.test)
}
