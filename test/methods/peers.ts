import { bytesOfScalars, scalarsOfBytes } from '../../src/codec/index.js'
import { type Dataset, partition, type Shard, uninformedLoss } from '../../src/data/index.js'
import { createLearnerPool, type LearnerPool, type PoolModel } from '../../src/learner/index.js'
import {
  type LogRoad,
  type MethodEvent,
  methodOf,
  modulesOf,
  type Neighbourhood,
  type NeighbourRoad,
  type PublicRoad,
  type Published,
  type Roads,
  type Session,
  type Snapshot,
} from '../../src/methods/index.js'
import {
  isOfValues,
  loadData,
  localPlan,
  type Manifest,
  type ManifestInput,
  parseManifest,
  sharedSection,
} from '../../src/node/index.js'
import { headOf } from '../../src/tensors/index.js'
import { createTopology, mixingMatrix } from '../../src/topology/index.js'

/** What becomes of what a peer sends in a round, on its way to another: nothing where it gets lost. */
export type Way = (from: number, to: number, round: number, values: Float32Array) => Float32Array | undefined

export const never = new AbortController().signal

/** One peer of a run over roads in memory. */
export interface TestPeer {
  readonly session: Session
  readonly parameters: Float32Array
  readonly head: Float32Array
}

/** Peers of one run, with a real learner and no host. */
export interface TestPeers {
  readonly manifest: Manifest
  readonly peers: readonly TestPeer[]
  train(round: number): Promise<unknown>
  /** All exchange and merge, side by side. @returns what each has reported */
  exchange(round: number): Promise<MethodEvent[][]>
}

const small: ManifestInput = {
  data: 'digits',
  model: { kind: 'mlp', hidden: [8] },
  peers: 3,
  rounds: 4,
  topology: 'full',
  training: { batch: 64 },
}

let known: Promise<Dataset> | undefined
/** Threads for each kind of jobs; runs of one file share them. */
const pools = new Map<string, Promise<LearnerPool>>()

/** Ends the threads: every file of tests that starts peers calls it at its end, as files may share this module. */
export async function closePools(): Promise<void> {
  const open = [...pools.values()]
  pools.clear()
  for (const pool of open) await (await pool).close()
}

function poolOf({ model, seed, merge }: Manifest, { inputShape, classes }: Dataset): Promise<LearnerPool> {
  const modules = modulesOf(merge)
  const key = JSON.stringify([model, seed, modules])
  const pool =
    pools.get(key) ??
    createLearnerPool({
      backend: 'wasm',
      workers: 1,
      models: [{ model, inputShape }],
      classes: classes.length,
      seed,
      modules,
    })
  pools.set(key, pool)
  return pool
}

/**
 * @param way - between peers. @default everything arrives as it is
 * @param newcomers - numbers of those that the others take for such, with one inviter. @default nobody comes later
 */
export async function startPeers(
  input: ManifestInput,
  way: Way = (_from, _to, _round, values) => values,
  newcomers?: ReadonlySet<number>,
): Promise<TestPeers> {
  const manifest = parseManifest({ ...small, ...input })
  known ??= loadData(manifest, {})
  const dataset = await known
  const shards = partition(dataset, manifest.partition, manifest.peers, manifest.seed)
  const pool = await poolOf(manifest, dataset)
  const table = createTable(manifest.peers, way)
  const topology = createTopology(manifest.topology, manifest.peers, manifest.seed)
  const members = shards.map((_, peer) => ({
    ...{ name: `peer-${peer}`, peerId: `id-${peer}` },
    ...(newcomers?.has(peer) && { newcomer: { kin: ['inviter'] } }),
  }))
  const numbers = new Map(members.map(({ peerId }, peer) => [peerId, peer]))
  const whereOf = (self: number, round: number): Neighbourhood => {
    const graph = topology.graphAt(round % topology.period)
    return { members, numbers, self, topology, graph, row: mixingMatrix(graph, topology.weights)[self]! }
  }
  const peers = shards.map((shard, self) =>
    startPeer({
      manifest,
      pool,
      model: pool.models[0]!,
      shard,
      self,
      dataset,
      roads: table.roadsOf(self),
      isOpen: newcomers !== undefined,
    }),
  )
  return {
    manifest,
    peers,
    train: round => Promise.all(peers.map(({ session }) => session.train(round, never))),
    exchange: round =>
      Promise.all(
        peers.map(async ({ session, head }, self) => {
          const events: MethodEvent[] = []
          if (session.exchange === undefined) return events
          const turn = { round, where: whereOf(self, round), head }
          for await (const event of session.exchange(turn, never)) events.push(event)
          return events
        }),
      ),
  }
}

interface PeerInit {
  readonly manifest: Manifest
  readonly pool: LearnerPool
  readonly model: PoolModel
  readonly shard: Shard
  readonly self: number
  readonly dataset: Dataset
  readonly roads: Roads
  readonly isOpen: boolean
}

function startPeer({ manifest, pool, model, shard, self, dataset, roads, isOpen }: PeerInit): TestPeer {
  const section = sharedSection(manifest, model.layout, model.headLayer)
  const parameters = model.initialParameters()
  const facts = { isOfValues: isOfValues(manifest.data), head: section }
  const session = methodOf(manifest.merge)
    .plan(manifest.merge, facts)
    .start(
      {
        name: shard.name,
        number: self,
        peerId: `peer ${self}`,
        seed: manifest.seed,
        rounds: manifest.rounds,
        limits: manifest.limits,
        believe: manifest.believe,
        reputation: manifest.reputation,
        isOpen,
        isPrivate: manifest.privacy !== undefined,
        staleness: manifest.staleness,
        localPlan: localPlan(manifest),
        learner: model.learner(shard, self),
        pool,
        model,
        data: shard,
        parameters,
        head: section,
        test: dataset.test,
        uninformed: uninformedLoss({ kind: 'classification' }, dataset.classes.length),
      },
      roads,
    )
  return { session, parameters, head: headOf(parameters, section) }
}

/** What a peer has left there for each other. */
type Laid = (receiver: number) => Float32Array

function unsampled(): never {
  throw new Error('no method is sampled by itself: the section exchange says so')
}

/** The roads of peers of one process: each leaves there what it hands over, and waits until all have. */
export function createTable(peers: number, way: Way): { roadsOf(self: number): Roads } {
  const heaps = new Map<string, { values: Map<number, Laid>; whole: Promise<void>; done: () => void }>()
  const held = Array.from({ length: peers }, () => new Map<string, Published>())

  async function laid(
    key: string,
    self: number,
    values: Float32Array,
    told?: ReadonlyMap<number, Float32Array>,
  ): Promise<ReadonlyMap<number, Laid>> {
    if (!heaps.has(key)) {
      const { promise, resolve } = Promise.withResolvers<void>()
      heaps.set(key, { values: new Map(), whole: promise, done: resolve })
    }
    const heap = heaps.get(key)!
    const copy = values.slice()
    heap.values.set(self, receiver => told?.get(receiver) ?? copy)
    if (heap.values.size === peers) heap.done()
    await heap.whole
    return heap.values
  }

  /** What has come to one peer, each a copy of its own. */
  function arrived(self: number, round: number, from: readonly number[], all: ReadonlyMap<number, Laid>) {
    return new Map(
      from.flatMap(peer => {
        const values = way(peer, self, round, all.get(peer)!(self).slice())
        return values === undefined ? [] : [[peer, values] as const]
      }),
    )
  }
  const absentOf = (from: readonly number[], received: ReadonlyMap<number, unknown>) =>
    from.filter(peer => !received.has(peer)).map(peer => ({ peer, reason: 'late' as const }))

  const neighboursOf = (self: number): NeighbourRoad => ({
    async swap({ round, step }, values, { graph }, _signal, tell, anchor) {
      const from = graph.receivesFrom(self)
      const told = new Map<number, Float32Array>()
      if (tell !== undefined) {
        for (const receiver of graph.sendsTo(self)) told.set(receiver, (await tell(receiver)).slice())
      }
      const received = arrived(self, round, from, await laid(`${round}/${step}`, self, values, told))
      // Whoever has the vectors themselves knows all of each.
      const anchored = anchor && { anchor, said: values.slice() }
      return { received, absent: absentOf(from, received), ...(anchored && { anchored }), release() {} }
    },
  })
  const everybodyOf = (self: number): PublicRoad => ({
    async publish(round, values) {
      const from = [...Array(peers).keys()].filter(peer => peer !== self)
      const received = arrived(self, round, from, await laid(`${round}`, self, values))
      for (const [peer, values] of received) {
        const head = new Float32Array(new SharedArrayBuffer(values.byteLength))
        head.set(values)
        held[self]!.set(`id-${peer}`, { peer: `id-${peer}`, round, head })
      }
      return { received: [...received.keys()], absent: absentOf(from, received) }
    },
    held: round => [...held[self]!.values()].map(one => ({ ...one, age: Math.max(0, round - one.round) })),
    get size() {
      return held[self]!.size
    },
  })
  const logOf = (self: number): LogRoad => {
    let snapshot: Snapshot = { round: 0, head: new Float32Array() }
    let changed = Number.POSITIVE_INFINITY
    const rounds = new Map<number, ReadonlyMap<number, Float32Array>>()
    return {
      get snapshot() {
        return snapshot
      },
      beginWith(other) {
        snapshot = other
        for (const round of rounds.keys()) if (round < other.round) rounds.delete(round)
      },
      measured: round =>
        [...(rounds.get(round) ?? [])]
          .sort(([a], [b]) => a - b)
          .map(([peer, scalars]) => ({ peer: `peer ${peer}`, scalars })),
      takeChanged() {
        const first = changed
        changed = Number.POSITIVE_INFINITY
        return first
      },
      async publish(round, scalars) {
        const from = [...Array(peers).keys()].filter(peer => peer !== self)
        const own = scalarsOfBytes(bytesOfScalars(scalars))
        const received = arrived(self, round, from, await laid(`${round}`, self, own))
        rounds.set(round, new Map([[self, own], ...received]))
        changed = Math.min(changed, round)
        return { received: [...received.keys()], absent: absentOf(from, received) }
      },
      settle: async () => true,
      kept: () =>
        Buffer.from(JSON.stringify([...rounds].map(([round, all]) => [round, [...all].map(([i, v]) => [i, [...v]])]))),
      recall(other, kept) {
        snapshot = other
        const read = JSON.parse(Buffer.from(kept).toString()) as [number, [number, number[]][]][]
        for (const [round, all] of read) rounds.set(round, new Map(all.map(([i, v]) => [i, Float32Array.from(v)])))
        changed = 0
      },
    }
  }
  return {
    roadsOf: self => ({
      neighbours: neighboursOf(self),
      everybody: everybodyOf(self),
      log: logOf(self),
      sample: { begins: unsampled, pass: unsampled, kept: unsampled, recall: unsampled },
    }),
  }
}
