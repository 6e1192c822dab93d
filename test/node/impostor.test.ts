import type { PeerId, Stream } from '@libp2p/interface'
import * as lengthPrefixed from 'it-length-prefixed'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadDataset, partition } from '../../src/data/index.js'
import { HeadHeader } from '../../src/gossip/generated/handover.js'
import { headFormat } from '../../src/gossip/head/format.js'
import {
  createHost,
  createPresence,
  type HearsayHost,
  handoverProtocol,
  presenceProtocol,
  presenceTopic,
} from '../../src/gossip/index.js'
import { createLearnerPool } from '../../src/learner/index.js'
import {
  type AssembledPeer,
  assemblePeer,
  localPlan,
  type Member,
  type PeerEvent,
  parseManifest,
  runIdOf,
  sharedSection,
  simulatedIdentities,
} from '../../src/node/index.js'
import { bytesOf, encodeSafetensors, type Layout, layoutOf } from '../../src/tensors/index.js'
import { createTopology } from '../../src/topology/index.js'
import { never, until } from '../gossip/hosts.js'

/** Two honest peers and a member who is none; limits so wide that nothing here ends by the clock. */
const manifest = parseManifest({
  peers: 3,
  rounds: 2,
  data: { set: 'digits' },
  partition: { kind: 'iid' },
  model: 'logistic',
  topology: 'full',
  training: { steps: 3 },
  limits: { joinSeconds: 3600, exchangeSeconds: 3600 },
})
const runId = runIdOf(manifest)

/** What the third member does as soon as the two others wait for its first head. */
type Mischief = (host: HearsayHost, to: PeerId, layout: Layout) => Promise<void>

interface Outcome {
  readonly peers: readonly AssembledPeer[]
  readonly events: readonly PeerEvent[]
}

/** Runs the two honest peers to their end. The third is heard of, does its mischief and is gone. */
async function runWith(mischief: Mischief): Promise<Outcome> {
  const dataset = await loadDataset(manifest.data, manifest.seed)
  const shards = partition(dataset, manifest.partition, manifest.peers, manifest.seed)
  const { seed, model } = manifest
  const { inputShape, classes } = dataset
  const pool = await createLearnerPool({
    backend: 'wasm',
    workers: 1,
    models: [{ model, inputShape }],
    classes: classes.length,
    seed,
  })
  onTestFinished(() => pool.close())
  const [learnt] = pool.models
  const head = sharedSection(manifest, learnt.layout, learnt.headLayer)
  const identities = simulatedIdentities(seed, 3)
  const peers = await Promise.all(
    [0, 1].map(async self => {
      const peer = await assemblePeer({
        manifest,
        runId,
        self,
        name: shards[self]!.name,
        identity: identities[self]!,
        topologyOf: peers => createTopology(manifest.topology, peers, seed),
        learner: learnt.learner(shards[self]!, self),
        pool,
        model: learnt,
        data: shards[self]!,
        number: self,
        localPlan: localPlan(manifest),
        parameters: learnt.initialParameters(),
        head,
        test: dataset.test,
        uninformed: Math.log(classes.length),
        transport: 'tcp',
        listen: ['/ip4/127.0.0.1/tcp/0'],
        // Only in the field do peers speak on the presence topic.
        field: {},
      })
      await peer.start()
      onTestFinished(() => peer.stop())
      return peer
    }),
  )
  const third = await createHost({
    privateKey: identities[2]!.privateKey,
    transport: 'tcp',
    listen: ['/ip4/127.0.0.1/tcp/0'],
  })
  await third.start()
  onTestFinished(() => third.stop())
  const presence = createPresence({ runId, rounds: manifest.rounds, name: 'third' })({ node: third })
  await presence.start()
  // It takes no heads, but speaks the protocol.
  await third.handle(handoverProtocol.id, stream => stream.abort(new Error('not interested')))
  const members: Member[] = [
    ...peers.map((peer, self) => ({
      name: shards[self]!.name,
      peerId: peer.identity.peerId,
      addresses: peer.addresses(),
    })),
    { name: 'third', peerId: third.peerId, addresses: third.getMultiaddrs() },
  ]
  for (const { peerId, addresses } of members.slice(0, 2)) {
    await third.peerStore.merge(peerId, { multiaddrs: [...addresses] })
  }
  const events: PeerEvent[] = []
  const runs = peers.map(async peer => {
    for await (const event of peer.run({ kind: 'members', members }, never)) events.push(event)
  })
  await presence.waitFor(
    peers.map(({ identity }) => identity.peerId.toString()),
    never,
  )
  await until(() => events.filter(({ type }) => type === 'trained').length === 2)
  for (const { identity } of peers) await mischief(third, identity.peerId, head.layout)
  await presence.stop()
  await third.stop()
  await Promise.all(runs)
  return { peers, events }
}

const framed = (bytes: Uint8Array): Uint8Array => lengthPrefixed.encode.single(bytes).subarray()

describe('a neighbour that lies', () => {
  it('is counted by reason, and costs nothing but its own contribution', async () => {
    const quiet = await runWith(async () => {})
    const disturbed = await runWith(async (host, to, layout) => {
      const { layoutDigest, payloadBytes } = headFormat(layout)
      // Of the next round: once a head of this one is refused for what it holds, nobody waits for it any more.
      const good: HeadHeader = { runId: Uint8Array.from(runId), round: 1, step: 0, layoutDigest, payloadBytes }
      const zeros = new Float32Array(layout.size)
      const header = (changes: Partial<HeadHeader> = {}): Uint8Array =>
        framed(HeadHeader.encode({ ...good, ...changes }))
      const payload = (values: Float32Array): Uint8Array => framed(encodeSafetensors({ layout, values }))
      const open: Stream[] = []
      const send = async (bytes: Uint8Array, leaveOpen = false): Promise<void> => {
        const stream = await host.dialProtocol(to, handoverProtocol.id)
        stream.addEventListener('message', () => {})
        stream.send(bytes)
        if (leaveOpen) open.push(stream)
        else await until(() => stream.status !== 'open' || stream.readableEnded)
      }
      const other = headFormat(layoutOf([{ name: 'output/kernel', shape: [10, 65] }]))
      await send(framed(new Uint8Array(50).fill(0xab))) // MALFORMED
      await send(Uint8Array.of(0xff, 0xff, 0xff, 0x7f)) // OVERSIZE_FRAME
      await send(header({ runId: new Uint8Array(32).fill(9) })) // WRONG_RUN
      await send(header({ round: 1e9 })) // FUTURE_ROUND
      await send(header({ round: 2 })) // FUTURE_ROUND: the run has two
      await send(header({ step: 1 })) // FUTURE_ROUND: dfedsam has one
      await send(header({ layoutDigest: other.layoutDigest })) // WRONG_LAYOUT
      await send(header({ payloadBytes: payloadBytes + 1 })) // WRONG_SIZE
      const poisoned = zeros.slice()
      poisoned[layout.size - 1] = Number.NaN
      await send(Buffer.concat([header(), payload(poisoned)])) // NOT_FINITE
      await send(Buffer.concat([header(), payload(zeros.slice().fill(1e4))])) // NORM_TOO_LARGE
      for (let i = 0; i < 2; i++) await send(Buffer.concat([header(), payload(poisoned)])) // NOT_FINITE
      await send(Buffer.concat([header(), payload(zeros)])) // TOO_MANY_ATTEMPTS, though there is nothing wrong with it
      // Never finished: in the middle of a head of this round, and of a header.
      await send(Buffer.concat([header({ round: 0 }), payload(poisoned).subarray(0, 1000)]), true)
      await send(header().subarray(0, 20), true)
      await host.services.pubsub!.publish(
        presenceTopic(runId),
        new Uint8Array(presenceProtocol.limits.messageBytes + 1).fill(1),
      )
      // Until the second of them is given up: it began and never said what it is.
      await until(() => open[1]!.status !== 'open' || open[1]!.readableEnded)
      open[0]!.abort(new Error('done'))
    })
    for (const [self, { counters, parameters }] of disturbed.peers.entries()) {
      expect(counters.rejected).toMatchObject({
        MALFORMED: 1,
        OVERSIZE_FRAME: 1,
        WRONG_RUN: 1,
        FUTURE_ROUND: 3,
        WRONG_LAYOUT: 1,
        WRONG_SIZE: 1,
        NOT_FINITE: 3,
        NORM_TOO_LARGE: 1,
        TOO_MANY_ATTEMPTS: 1,
        TIMEOUT: 1,
        CUT_OFF: 1,
      })
      // P28: as if it had been silent.
      expect(Buffer.from(bytesOf(parameters))).toEqual(Buffer.from(bytesOf(quiet.peers[self]!.parameters)))
    }
    for (const { events, peers } of [quiet, disturbed]) {
      const ids = peers.map(({ identity }) => identity.peerId.toString())
      const exchanged = events.filter(event => event.type === 'exchanged')
      expect(exchanged).toHaveLength(4)
      for (const { peer, round, received, absent } of exchanged) {
        expect(received).toEqual(ids.filter(id => id !== peer))
        const reason = events === disturbed.events && round === 1 ? 'refused' : 'gone'
        expect(absent).toEqual([{ peer: expect.any(String), reason }])
        expect(ids).not.toContain(absent[0]!.peer)
      }
    }
    expect(quiet.peers.map(({ counters }) => counters.rejected)).toEqual([{}, {}])
  })
})
