import { describe, expect, it, onTestFinished } from 'vitest'
import { loadDataset, partition } from '../../src/data/index.js'
import { createLearnerPool } from '../../src/learner/index.js'
import {
  assemblePeer,
  localTraining,
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

/** Two peers of one process, one of which lies; the events of the other, and whether its model is sound. */
async function runWith(learningRate?: number) {
  const dataset = await loadDataset(manifest.data, manifest.seed)
  const shards = partition(dataset, manifest.partition, manifest.peers, manifest.seed)
  const { seed } = manifest
  const { inputShape, classes } = dataset
  const models = [{ model: manifest.model, inputShape }] as const
  const pool = await createLearnerPool({ backend: 'wasm', workers: 1, models, classes: classes.length, seed })
  onTestFinished(() => pool.close())
  const [learnt] = pool.models
  const identities = await simulatedIdentities(seed, manifest.peers)
  const training = localTraining(manifest)
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
        training: self === 0 && learningRate !== undefined ? { ...training, learningRate } : training,
        parameters: learnt.initialParameters(),
        head: sharedSection(manifest, learnt.layout, learnt.headLayer),
        test: dataset.test,
        samples: shards[self]!.samples,
        uninformed: Math.log(classes.length),
        ...(self === 1 && {
          forge: (round, head) => (round === poisoned ? head.map((_, at) => 1e11 * Math.sin(at)) : head),
        }),
        transport: 'memory',
        listen: [`/memory/diverged-${process.pid}-${learningRate}-${self}`],
      })
      await peer.start()
      onTestFinished(() => peer.stop())
      return peer
    }),
  )
  const members: Member[] = peers.map(({ identity, addresses }, self) => ({
    name: ['anna', 'mallory'][self]!,
    peerId: identity.peerId,
    addresses: addresses(),
  }))
  const [anna, mallory] = peers as [(typeof peers)[0], (typeof peers)[0]]
  const events: PeerEvent[] = []
  const over = new AbortController()
  const other = (async () => {
    for await (const _ of mallory.run({ kind: 'members', members }, over.signal));
  })().catch(error => {
    if (!over.signal.aborted) throw error
  })
  try {
    for await (const event of anna.run({ kind: 'members', members }, never)) events.push(event)
  } catch (error) {
    over.abort()
    throw error
  } finally {
    await other
  }
  return { anna, events }
}

describe('a merge on which training diverges', () => {
  it('is taken back: the next round merges nobody, and the peer goes on', async () => {
    const { anna, events } = await runWith()
    const of = (type: PeerEvent['type']) => events.filter(event => event.type === type)
    expect(of('refused')).toEqual([
      {
        type: 'refused',
        peer: 0,
        round: poisoned + 1,
        step: 0,
        heads: [{ peer: 1, name: 'mallory', reason: 'DIVERGED' }],
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
    expect(events.at(-1)).toEqual({ type: 'finished', peer: 0, rounds: 4 })
    expect(anna.counters.rejected).toMatchObject({ DIVERGED: 1 })
    expect(anna.parameters.every(value => Math.abs(value) < 1e6)).toBe(true)
  })

  it('is not blamed where training diverges without one: the peer ends, by its name', async () => {
    await expect(runWith(1e30)).rejects.toThrow(
      'anna: training diverged in round 1: parameters are no longer finite; lower training.learningRate',
    )
  })
})
