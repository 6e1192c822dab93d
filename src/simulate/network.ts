import { randomUUID } from 'node:crypto'
import type { Samples, Shard } from '../data/index.js'
import type { SavedRun } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { createBuffers } from '../gossip/index.js'
import type { LearnerPool } from '../learner/index.js'
import {
  type AssembledPeer,
  assemblePeer,
  createLockstep,
  exposureIn,
  type Lockstep,
  learnerFor,
  localPlan,
  type Manifest,
  type Member,
  simulatedIdentities,
  type Training,
} from '../node/index.js'
import { ContributionBudget } from '../privacy/index.js'
import { openFilesLimit, tooFewFiles } from '../system-errors.js'
import { type Layout, reserveVector } from '../tensors/index.js'
import type { Graph, Topology } from '../topology/index.js'
import { copyInSlices } from '../turns.js'
import type { Attackers } from './attacks/attackers.js'
import type { Fault } from './faults.js'
import { learnersOf, type PeerModel } from './models.js'
import { type Totals, totalsOf } from './totals.js'

export type Transport = 'tcp' | 'memory'

export interface NetworkInit {
  readonly manifest: Manifest
  readonly runId: Uint8Array
  readonly shards: readonly Shard[]
  /** Each peer's test samples. */
  readonly tests: readonly Samples[]
  /** See {@link uninformedLoss}. */
  readonly uninformed: number
  readonly pool: LearnerPool
  readonly models: readonly PeerModel[]
  readonly topology: Topology
  readonly transport: Transport
  /** First of the TCP ports to listen on, one a peer; 0 lets the system choose. */
  readonly port: number
  readonly attackers: Attackers
  /** Whether a peer receives nothing from another. */
  readonly isCut: (peer: number, other: number) => boolean
  readonly faults: readonly Fault[]
  /** The kept state of a resumed run. */
  readonly from: SavedRun | undefined
}

const lastPort = 65_535

/** All peers of a simulation, which are listening, and their addresses. */
export interface Network extends Omit<Totals, 'closing'> {
  readonly peers: readonly AssembledPeer[]
  readonly members: readonly Member[]
  /** Only where the peers run in lockstep. */
  readonly lockstep: Lockstep | undefined
  /** See {@link Attackers}. */
  readonly begins: Attackers['begins']
  stop(): Promise<void>
}

/** Starts the peers of a simulation: each a real host with an identity of its own. */
export async function startNetwork(init: NetworkInit): Promise<Network> {
  const { manifest, shards, models, tests, from } = init
  checkPorts(init)
  checkOpenFiles(init)
  const identities = simulatedIdentities(manifest.seed, manifest.peers)
  const learners = learnersOf(models, shards)
  const ids = identities.map(({ peerId }) => peerId.toString())
  const places = new Map(ids.map((id, place) => [id, place]))
  // A peer with several faults dies at the first.
  const faults = [...init.faults].sort((a, b) => b.round - a.round)
  const goneIn = new Map(faults.map(({ peer, round }) => [ids[peer]!, round]))
  const lockstep = manifest.mode === 'sync' ? createLockstep(ids, goneIn, from?.rounds) : undefined
  const peers: AssembledPeer[] = []
  const starts = new Map(models.map(({ model }) => [model, model.initialParameters()]))
  // Memory addresses are shared by the whole process, in which another simulation may run.
  const place = randomUUID()
  const buffers = createBuffers()
  const totals = totalsOf(peers, from)
  const stop = async (): Promise<void> => {
    totals.closing()
    await stopPeers(peers)
    buffers.clear()
  }
  try {
    for (const [self, identity] of identities.entries()) {
      const shard = shards[self]!
      const { model, head } = models[self]!
      const plan = localPlan(manifest)
      const training = learnerFor({
        manifest,
        model,
        learner: learners[self]!,
        plan: plan(0),
        records: shard.samples.size,
        isSeeded: true,
        topology: init.topology,
      })
      for (let round = 0; round < (from?.rounds ?? 0); round++) {
        const isLive = (peer: number): boolean => lockstep?.isGone(ids[peer]!, round - 1) !== true
        if (isLive(self)) await chargeAgain(training, init.topology.graphAt(round), self, isLive)
      }
      const peer = await assemblePeer({
        manifest,
        runId: init.runId,
        self,
        name: shard.name,
        identity,
        lockstep,
        topologyOf: () => init.topology,
        ...training,
        pool: init.pool,
        model,
        data: shard,
        number: self,
        localPlan: plan,
        isDeafTo: id => init.isCut(self, places.get(id)!),
        parameters: await copyOf(starts.get(model)!, model.layout),
        head,
        test: tests[self]!,
        forge: init.attackers.forgeOf(self),
        uninformed: init.uninformed,
        buffers,
        transport: init.transport,
        listen: [listenAddress(init, place, self)],
      })
      peers.push(peer)
      const saved = from?.peers[self]
      if (saved !== undefined) {
        await copyInSlices(peer.parameters, saved.parameters)
        peer.restore(saved.kept, shard.name)
      }
      // A peer that died before the run was resumed stays dead; no other peer waits for it.
      if (saved?.failed === true) await peer.stop()
      else await peer.start()
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    peers,
    lockstep,
    begins: init.attackers.begins,
    members: peers.map((peer, self) => ({
      name: shards[self]!.name,
      peerId: peer.identity.peerId,
      addresses: peer.addresses(),
    })),
    ...totals,
    stop,
  }
}

/** One by one: of two hosts that close a connection at once, libp2p leaves each waiting for the other, half a second. */
async function stopPeers(peers: readonly AssembledPeer[]): Promise<void> {
  for (const peer of peers) await peer.stop()
}

/** Charges a round that was complete before the run was resumed. */
async function chargeAgain(
  { budget }: Training,
  graph: Graph,
  self: number,
  isLive: (peer: number) => boolean,
): Promise<void> {
  if (budget instanceof ContributionBudget) await budget.charge(exposureIn(graph, self, isLive, budget.pairNoise))
  else await budget?.charge()
}

/** Copies the common initial parameters without blocking peers that are already started. */
async function copyOf(start: Float32Array, layout: Layout): Promise<Float32Array> {
  const parameters = reserveVector(layout.size)
  await copyInSlices(parameters, start)
  return parameters
}

function checkPorts({ transport, port, manifest }: NetworkInit): void {
  const last = port + manifest.peers - 1
  if (transport !== 'tcp' || port === 0 || last <= lastPort) return
  throw new HearsayError(
    'NETWORK',
    `${manifest.peers} peers would need ports up to ${last}, and ${lastPort} is the last; begin lower, or with 0 for any that are free`,
    { field: '--port', value: String(port) },
  )
}

/** Files that the program itself has open once it is loaded, with some margin. */
const ownFiles = 128

/** Checked first: with too few sockets, connections would fail one by one while peers wait for each other. */
function checkOpenFiles({ transport, topology, manifest }: NetworkInit): void {
  if (transport !== 'tcp') return
  const { edges } = topology.union
  const joined = new Set(edges.map(([from, to]) => (from < to ? `${from} ${to}` : `${to} ${from}`))).size
  // In the end every peer has been an aggregator of every other.
  const connections = manifest.exchange.when === 'sampled' ? (manifest.peers * (manifest.peers - 1)) / 2 : joined
  // Both ends of each connection are in this process, and every peer listens.
  const needed = ownFiles + manifest.peers + 2 * connections
  const limit = openFilesLimit()
  if (limit < needed) throw new HearsayError('NETWORK', `${tooFewFiles(limit, needed)}, or --transport memory`)
}

/** Loopback only: a simulation must not be reachable from elsewhere. */
function listenAddress({ transport, port }: NetworkInit, place: string, self: number): string {
  if (transport === 'memory') return `/memory/${place}-${self}`
  return `/ip4/127.0.0.1/tcp/${port === 0 ? 0 : port + self}`
}
