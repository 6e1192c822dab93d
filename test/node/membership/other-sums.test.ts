import { expect, it, onTestFinished } from 'vitest'
import {
  createHandover,
  createPresence,
  fieldTiming,
  type HearsayHost,
  type Presence,
  plainStanding,
  presenceProtocol,
  type Standing,
} from '../../../src/gossip/index.js'
import { decodeExperts } from '../../../src/gossip/publication/expert-list.js'
import { fixedPatience, type Identity, parseManifest } from '../../../src/node/index.js'
import { createOpenRun, type OpenRun } from '../../../src/node/membership/open-run.js'
import { createNeighbourRoad } from '../../../src/node/roads/neighbour-road.js'
import { createPublicRoad } from '../../../src/node/roads/public-road.js'
import type { HeadSection } from '../../../src/tensors/index.js'
import { createTopology } from '../../../src/topology/index.js'
import { connect, never, newKey, startHost, until } from '../../gossip/hosts.js'
import { headOf, join, runId, smallLayout, startPublisher } from '../../gossip/publication/publishers.js'

const sum = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const head: HeadSection = { start: 0, end: smallLayout.size, layout: smallLayout }

function shared(first: number): Float32Array {
  const values = new Float32Array(new SharedArrayBuffer(4 * smallLayout.size))
  values.set(headOf(smallLayout, first))
  return values
}

async function presenceOf(node: HearsayHost, name: string, standing: () => Standing): Promise<Presence> {
  const { beatMs } = presenceProtocol
  const presence = createPresence({ runId, rounds: 10, name, beatMs, repeatMs: 50, standing })({ node })
  await presence.start()
  onTestFinished(() => presence.stop())
  return presence
}

const manifest = parseManifest({ rounds: 10, topology: 'full' })

/** As one peer lives the run. */
function openRun(node: HearsayHost, presence: Presence, sumDigest: () => Uint8Array | undefined): OpenRun {
  return createOpenRun({
    self: 0,
    name: 'basel',
    runId,
    node,
    presence,
    handed: () => undefined,
    addresses: () => [],
    reached: 0,
    parameters: new Float32Array(smallLayout.size),
    head,
    loss: async () => 0,
    lossLimit: 1,
    topologyOf: peers => createTopology(manifest.topology, peers, 1),
    manifest,
    round: 0,
    samples: 2,
    hasBegun: false,
    minPeers: 2,
    looksFor: false,
    sumDigest,
  })
}

const parameters = new Float32Array(smallLayout.size)
const common = { runId, layout: smallLayout, parameters, head, patience: fixedPatience(60_000), timing: fieldTiming }

it('a head of who sees the columns by another sum is refused on its stream, until both see them alike', async () => {
  const [host, other] = await Promise.all([startHost('tcp'), startHost('tcp')])
  const manifest = parseManifest({ rounds: 10, merge: 'dfedavg' })
  const presence = await presenceOf(host, 'basel', () => ({ ...plainStanding, ...open.standing() }))
  const open = openRun(host, presence, () => sum(1))
  const road = createNeighbourRoad({ ...common, manifest, steps: 1, dialMs: 5_000 }, host)
  road.begin({ federation: open.federation, open })
  await road.start()

  let theirs = sum(2)
  const bern = await presenceOf(other, 'bern', () => ({ ...plainStanding, sumDigest: theirs }))
  const handover = createHandover({ runId, layout: smallLayout, normLimit: 1e6, admit: () => undefined })({
    node: other,
  })
  onTestFinished(async () => {
    await road.stop()
    await handover.stop()
  })
  await handover.start()
  await connect(host, other)
  const ids = [host, other].map(({ peerId }) => peerId.toString())
  await Promise.all([presence, bern].map(one => one.waitFor(ids, never)))

  const payload = await handover.encode(headOf(smallLayout, 1))
  const send = () => handover.send(host.peerId, 0, 0, payload, never)
  expect(await send()).toMatchObject({ ok: false, reason: 'OTHER_SUMS' })
  expect(road.counters.rejected).toEqual({ OTHER_SUMS: 1 })
  theirs = sum(1)
  await bern.speak()
  await until(() => !open.isUnlike(ids[1]!))
  expect(await send()).toMatchObject({ ok: true })
})

it('published heads of who sees the columns by another sum are passed on, and never asked as experts', async () => {
  const privateKey = await newKey()
  const host = await startHost('tcp', privateKey)
  const manifest = parseManifest({ rounds: 10, merge: 'mixture', data: 'digits' })
  const [alike, unlike, silent] = await Promise.all([
    startPublisher({ transport: 'tcp', sumDigest: () => sum(1) }),
    startPublisher({ transport: 'tcp', sumDigest: () => sum(2) }),
    startPublisher({ transport: 'tcp' }),
  ])
  const ids = [alike, unlike, silent].map(({ id }) => id)
  const presence = await presenceOf(host, 'basel', () => ({ ...plainStanding, ...open.standing() }))
  let own: Uint8Array | undefined
  const open = openRun(host, presence, () => own)
  const identity = { privateKey, peerId: host.peerId } as Identity
  const road = createPublicRoad({ ...common, manifest, identity, sumDigest: () => own }, host, presence)
  await road.start()
  onTestFinished(() => road.stop())
  await alike.publication.publish(0, headOf(smallLayout, 1))
  const payloadBytes = alike.publication.latest()!.bytes.length
  const heldNow = (): number => decodeExperts(road.heads!.experts() ?? new Uint8Array(), payloadBytes).length
  for (const { host: other } of [alike, unlike, silent]) await join(host, other)

  // The first of them come before this peer has a sum.
  await Promise.all([alike, unlike, silent].map(({ publication }) => publication.publish(1, headOf(smallLayout, 2))))
  await until(() => heldNow() === 3)
  own = sum(1)
  expect(road.kept().map(({ peer }) => peer)).toEqual([ids[0]])
  expect(road.counters.rejected).toEqual({})
  await unlike.publication.publish(2, headOf(smallLayout, 3))
  await until(() => road.counters.rejected.OTHER_SUMS === 1)
  expect(heldNow()).toBe(3)

  // Nobody of them is live, and a federation that is written down counts on all.
  const members = [host, alike.host, unlike.host, silent.host].map(({ peerId }, at) => {
    return { name: `${at}`, peerId, addresses: [] }
  })
  const isUnlike = (peer: string): boolean => peer === ids[1]
  road.begin({ federation: { at: () => expect.unreachable() }, open: { isUnlike } as OpenRun })
  const heard = await road.road.publish(1, headOf(smallLayout, 4), { members, self: 0 } as never, never)
  expect(heard).toMatchObject({
    received: [1],
    absent: [
      { peer: 2, reason: 'refused' },
      { peer: 3, reason: 'refused' },
    ],
  })
  expect(road.road.held(1).map(({ peer }) => peer)).toEqual([ids[0]])

  // What was kept was seen by the sum of then, whatever that was.
  road.recall([{ peer: 'thun', round: 3, head: shared(5) }])
  expect(road.kept().map(({ peer }) => peer)).toEqual([ids[0], 'thun'])
  road.forgetRecalled()
  expect(road.kept().map(({ peer }) => peer)).toEqual([ids[0]])
})
