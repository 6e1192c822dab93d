import { describe, expect, it, onTestFinished } from 'vitest'
import { createState, fieldTiming, type HearsayHost } from '../../../src/gossip/index.js'
import { createLogModel, type LogModel } from '../../../src/methods/scalars/log-model.js'
import { fixedPatience, type Identity, parseManifest } from '../../../src/node/index.js'
import { createLogRoad, type ScalarRoad } from '../../../src/node/roads/log-road.js'
import { connect, never, newKey, startHost } from '../../gossip/hosts.js'
import { runId, smallLayout } from '../../gossip/publication/publishers.js'

const samples = 3
const rounds = 40

interface Peer {
  readonly id: string
  readonly host: HearsayHost
  readonly road: ScalarRoad
  readonly model: LogModel
  readonly head: Float32Array
  /** Those that it sees. */
  sees: readonly Peer[]
}

/** Peers of a field without membership: who is live, and what records say, is the test's. */
async function startPeer(round: () => number, every: number, limits: object): Promise<Peer> {
  const privateKey = await newKey()
  const host = await startHost('memory', privateKey)
  const report = ({ road }: Peer): object => ({ round: round(), from: 0, samples: 1, head: road.latest() })
  const presence = {
    live: () => peer.sees.map(({ id }) => id),
    heard: () => new Map(peer.sees.map(other => [other.id, report(other)])),
    until: (_is: unknown, signal: AbortSignal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  }
  const road = createLogRoad(
    {
      runId,
      manifest: parseManifest({ rounds, merge: 'one-byte', data: 'digits', limits }),
      identity: { privateKey, peerId: host.peerId } as Identity,
      head: { start: 0, end: smallLayout.size, layout: smallLayout },
      ...{ scalars: samples, every, patience: fixedPatience(30_000), timing: fieldTiming },
    },
    host,
    presence as never,
  )
  const state = createState({
    ...{ runId, manifest: new Uint8Array(1), view: () => new Uint8Array(1) },
    ...{ head: () => road.latest(), log: behind => road.log?.(behind) },
  })({ node: host })
  await road.start()
  await state.start()
  onTestFinished(async () => {
    await road.stop()
    await state.stop()
  })
  const head = new Float32Array(smallLayout.size)
  road.road.beginWith({ round: 0, head: head.slice() })
  const model = createLogModel({ road: road.road, seed: 1, limit: 100, learningRate: () => 0.1 })
  const peer: Peer = { id: host.peerId.toString(), host, road, model, head, sees: [] }
  return peer
}

/** Three peers, of which a test says who sees whom. @param every - rounds from one snapshot to the next */
async function startThree(every: number, limits: object = { exchangeSeconds: 30 }) {
  let now = 0
  const peers = await Promise.all([1, 2, 3].map(() => startPeer(() => now, every, limits)))
  const [anna, bert, carl] = peers as [Peer, Peer, Peer]
  await connect(anna.host, bert.host)

  const groups = (...parts: readonly (readonly Peer[])[]): void => {
    for (const part of parts) for (const peer of part) peer.sees = part.filter(other => other !== peer)
  }
  async function step(peer: Peer, round: number): Promise<void> {
    const members = [peer, ...peer.sees].map(({ id, host: { peerId } }) => ({ name: id, peerId, addresses: [] }))
    await peer.model.bring(peer.head, round, never)
    const slopes = Float32Array.from({ length: samples }, (_, i) => Math.sin(peers.indexOf(peer) + i + round))
    peer.road.at(round)
    await peer.road.road.publish(round, slopes, peer.head, { members, self: 0 } as never, never)
    await peer.model.bring(peer.head, round + 1, never)
    if ((round + 1) % every === 0) await peer.model.beginWith(round + 1 - every, never)
  }
  async function run(end: number): Promise<void> {
    for (; now < end; now++) await Promise.all(peers.map(peer => step(peer, now)))
  }
  return {
    peers,
    anna,
    bert,
    carl,
    groups,
    run,
    models: () => peers.map(({ head }) => Buffer.from(head.slice().buffer)),
  }
}

/** What a peer of the test is told of a run's end. */
const whereOf = (peers: readonly Peer[], self: number): never =>
  ({ members: peers.map(({ id, host: { peerId } }) => ({ name: id, peerId, addresses: [] })), self }) as never

const areSame = (models: readonly Buffer[]): boolean => models.every(model => model.equals(models[0]!))

it('a round of which news comes without end ends with the signal', async () => {
  const stopped = new AbortController()
  let replays = 0
  const road = {
    snapshot: { round: 0, head: new Float32Array(4) },
    beginWith() {},
    takeChanged: () => 0,
    measured() {
      if (++replays === 20) stopped.abort(new Error('enough'))
      return []
    },
  }
  const model = createLogModel({ road, seed: 1, limit: 1, learningRate: () => 1 })
  await expect(model.bring(new Float32Array(4), 5, stopped.signal)).rejects.toThrow('enough')
  expect(replays).toBe(20)
})

it('the end of a run has one deadline, however often another model is said meanwhile', async () => {
  const { anna, bert, peers, groups, run } = await startThree(8, { exchangeSeconds: 1 })
  groups([anna, bert], [peers[2]!])
  await run(1)
  const said = (value: number): Promise<boolean> =>
    bert.road.road.settle(new Float32Array(smallLayout.size).fill(value), whereOf([anna, bert], 1), never)
  let words = 0
  let isOver = false
  const talking = (async () => {
    while (!isOver) await said(++words)
  })()
  while (!(await anna.road.road.settle(anna.head, whereOf([anna, bert], 0), never)));
  isOver = true
  await talking
  // A call after the deadline returns at once.
  expect(await anna.road.road.settle(anna.head, whereOf([anna, bert], 0), never)).toBe(true)
}, 60_000)

describe('a partition of two and one', () => {
  it('P25 that is short costs no byte: each side gets the other’s log', async () => {
    const { anna, bert, carl, groups, run, models, peers } = await startThree(8)
    groups([anna, bert], [carl])
    await run(3)
    expect(models()[0]!.equals(models()[1]!)).toBe(true)
    expect(models()[2]!.equals(models()[0]!)).toBe(false)
    await connect(bert.host, carl.host)
    await connect(anna.host, carl.host)
    groups(peers)
    await run(6)
    expect(areSame(models())).toBe(true)
    for (const { road } of peers) {
      for (let round = 0; round < 6; round++) expect(road.road.measured(round)).toHaveLength(3)
    }
  }, 120_000)

  it('P25 that is longer than the log ends with the snapshot of most, and all behind it', async () => {
    const { anna, bert, carl, groups, run, models, peers } = await startThree(2)
    groups([anna, bert], [carl])
    await run(6)
    expect(carl.road.road.snapshot.round).toBe(4)
    const theirs = anna.road.road.snapshot
    expect(carl.road.road.snapshot.head).not.toEqual(theirs.head)
    await connect(bert.host, carl.host)
    await connect(anna.host, carl.host)
    groups(peers)
    await run(7)
    expect(carl.road.road.snapshot).toEqual(theirs)
    await run(9)
    expect(areSame(models())).toBe(true)
    // What one had measured behind that snapshot counts.
    for (const { road } of peers) expect(road.road.measured(6)).toHaveLength(3)
  }, 120_000)

  it('P25 after the last round all settle on one model, whoever lacked what', async () => {
    const { anna, bert, carl, groups, run, models, peers } = await startThree(8)
    groups([anna, bert], [carl])
    await run(2)
    await connect(bert.host, carl.host)
    await connect(anna.host, carl.host)
    groups(peers)
    await Promise.all(
      peers.map(async peer => {
        const members = peers.map(({ id, host: { peerId } }) => ({ name: id, peerId, addresses: [] }))
        const where = { members, self: peers.indexOf(peer) } as never
        while (!(await peer.road.road.settle(peer.head, where, never))) await peer.model.bring(peer.head, 2, never)
      }),
    )
    expect(areSame(models())).toBe(true)
  }, 120_000)
})
