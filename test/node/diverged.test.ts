import { describe, expect, it, onTestFinished } from 'vitest'
import { loadDataset, partition } from '../../src/data/index.js'
import { createLearnerPool } from '../../src/learner/index.js'
import {
  type AssembledPeer,
  assemblePeer,
  type KeptState,
  localPlan,
  type Member,
  type PeerEvent,
  parseManifest,
  runIdOf,
  sharedSection,
  simulatedIdentities,
} from '../../src/node/index.js'
import { createTopology } from '../../src/topology/index.js'
import { never } from '../gossip/hosts.js'

/** The round whose merge is poison: what it leaves is finite, and no training can start from it. */
const poisoned = 1

/** Every limit so wide that the head is believed: what is left is that training diverges on it. */
const manifest = parseManifest({
  peers: 2,
  rounds: 4,
  data: 'digits',
  partition: 'iid',
  model: { kind: 'mlp', hidden: [32, 32] },
  topology: 'full',
  training: { steps: 20, learningRate: 0.5 },
  merge: 'dfedavg',
  limits: { headNorm: 1e30, headDistance: 1e30, headRadius: 1e30, lossIncrease: 1e300 },
})

/** What a simulation keeps of a peer. */
interface Kept {
  readonly parameters: Float32Array
  readonly state: KeptState
}

interface Ran {
  readonly anna: AssembledPeer
  readonly events: readonly PeerEvent[]
  readonly kept: readonly Kept[]
}

let runs = 0

/** Two peers of one process, one of which lies; up to a round, or from behind it. The events are those of the other. */
async function runWith(init: { learningRate?: number; until?: number; from?: readonly Kept[] } = {}): Promise<Ran> {
  const { learningRate, until, from } = init
  const first = from === undefined ? 0 : poisoned + 1
  const place = `/memory/diverged-${process.pid}-${++runs}`
  const dataset = await loadDataset(manifest.data, manifest.seed)
  const shards = partition(dataset, manifest.partition, manifest.peers, manifest.seed)
  const { seed } = manifest
  const { inputShape, classes } = dataset
  const models = [{ model: manifest.model, inputShape }] as const
  const pool = await createLearnerPool({ backend: 'wasm', workers: 1, models, classes: classes.length, seed })
  onTestFinished(() => pool.close())
  const [learnt] = pool.models
  const identities = simulatedIdentities(seed, manifest.peers)
  const plan = localPlan(manifest)
  const peers = await Promise.all(
    ['anna', 'mallory'].map(async (name, self) => {
      const peer = await assemblePeer({
        manifest,
        runId: runIdOf(manifest),
        self,
        name,
        identity: identities[self]!,
        topologyOf: peers => createTopology(manifest.topology, peers, seed),
        learner: learnt.learner(shards[self]!, self),
        pool,
        model: learnt,
        data: shards[self]!,
        number: self,
        localPlan: round => ({ ...plan(round), ...(self === 0 && learningRate !== undefined && { learningRate }) }),
        parameters: learnt.initialParameters(),
        head: sharedSection(manifest, learnt.layout, learnt.headLayer),
        test: dataset.test,
        uninformed: Math.log(classes.length),
        ...(self === 1 && {
          forge: async ({ round }, head) => (round === poisoned ? head.map((_, at) => 1e11 * Math.sin(at)) : head),
        }),
        transport: 'memory',
        listen: [`${place}-${self}`],
      })
      if (from !== undefined) {
        peer.parameters.set(from[self]!.parameters)
        peer.restore(from[self]!.state, name)
      }
      await peer.start()
      onTestFinished(() => peer.stop())
      return peer
    }),
  )
  const members: Member[] = peers.map((peer, self) => ({
    name: ['anna', 'mallory'][self]!,
    peerId: peer.identity.peerId,
    addresses: peer.addresses(),
  }))
  const [anna, mallory] = peers as [(typeof peers)[0], (typeof peers)[0]]
  const events: PeerEvent[] = []
  const over = new AbortController()
  const kept: Kept[] = []
  async function* runOf(peer: AssembledPeer, signal: AbortSignal): AsyncGenerator<PeerEvent> {
    for await (const event of peer.run({ kind: 'members', members, round: first }, signal)) {
      yield event
      if (event.type !== 'ended' || event.round !== until) continue
      kept[peer.self] = { parameters: peer.parameters.slice(), state: structuredClone(peer.kept()) }
      // What it has said is on its way to the other, who may need it.
      return peer.idle()
    }
  }
  const other = (async () => {
    for await (const _ of runOf(mallory, over.signal));
  })().catch(error => {
    if (!over.signal.aborted) throw error
  })
  try {
    for await (const event of runOf(anna, never)) events.push(event)
  } catch (error) {
    over.abort()
    throw error
  } finally {
    await other
  }
  return { anna, events, kept }
}

describe('a merge on which training diverges', () => {
  it('is taken back: the next round merges nobody, and the peer goes on', async () => {
    const { anna, events } = await runWith()
    const of = (type: PeerEvent['type']) => events.filter(event => event.type === type)
    expect(of('refused')).toMatchObject([
      {
        type: 'refused',
        peer: anna.identity.peerId.toString(),
        round: poisoned + 1,
        step: 0,
        heads: [{ name: 'mallory', reason: 'DIVERGED' }],
      },
    ])
    expect(of('trained').map(event => 'samples' in event && event.samples > 0)).toEqual([true, true, false, true])
    // Alone for one round, and then with the others again.
    expect(of('merged').map(event => 'localDistance' in event && event.localDistance > 0)).toEqual([
      true,
      true,
      false,
      true,
    ])
    expect(events.at(-1)).toMatchObject({ type: 'finished', round: 3, rounds: 4 })
    expect(anna.counters.rejected).toMatchObject({ DIVERGED: 1 })
    expect(anna.parameters.every(value => Math.abs(value) < 1e6)).toBe(true)
  })

  it('is taken back by who goes on behind it too, with the same numbers', async () => {
    const whole = await runWith()
    const { kept } = await runWith({ until: poisoned })
    const again = await runWith({ from: kept })
    const timeless = (events: readonly PeerEvent[]) =>
      events
        .filter(event => event.type !== 'joined' && event.round > poisoned)
        .map(event => ({ ...event, atMs: 0, seconds: 0, waitSeconds: 0 }))
    expect(timeless(again.events)).toEqual(timeless(whole.events))
    expect(again.anna.parameters).toEqual(whole.anna.parameters)
    expect(again.anna.kept()).toEqual(whole.anna.kept())
    expect(again.anna.kept().method.before).not.toEqual(kept[0]!.state.method.before)
    // Without it, there is nothing to go back to.
    const forgetful = kept.map(one => ({
      ...one,
      state: { ...one.state, method: { ...one.state.method, before: undefined } },
    }))
    await expect(runWith({ from: forgetful })).rejects.toThrow('anna: training diverged in round 3')
  })

  it('is not blamed where training diverges without one: the peer ends, by its name', async () => {
    await expect(runWith({ learningRate: 1e30 })).rejects.toThrow(
      'anna: training diverged in round 1: parameters are no longer finite; lower training.learningRate',
    )
  })
})
