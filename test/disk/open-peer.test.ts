import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it, onTestFinished } from 'vitest'
import {
  type DurablePeer,
  loadOrCreateIdentity,
  type MetMember,
  type OpenPeerOptions,
  openPeer,
} from '../../src/disk/index.js'
import { HearsayError } from '../../src/errors.js'
import { createHost, requestState, type StateRefused } from '../../src/gossip/index.js'
import { createIdentity, parseManifest } from '../../src/node/index.js'
import { emptyFolder } from './children.js'

const manifest = parseManifest({
  data: 'digits',
  model: { kind: 'mlp', hidden: [8] },
  peers: 2,
  minPeers: 1,
  rounds: 3,
  training: { steps: 2 },
  limits: { joinSeconds: 1 },
})

async function open(folder: string, options: Partial<OpenPeerOptions> = {}): Promise<DurablePeer> {
  const peer = await openPeer({
    folder,
    manifest,
    name: 'basel',
    data: { share: 0 },
    listen: ['/ip4/127.0.0.1/tcp/0'],
    backend: 'wasm',
    onLost: line => expect.unreachable(line),
    ...options,
  })
  onTestFinished(() => peer.stop())
  return peer
}

/** @returns the rounds that it ended */
async function run(peer: DurablePeer, until = Number.POSITIVE_INFINITY): Promise<number[]> {
  const ended: number[] = []
  for await (const event of peer.run()) {
    if (event.type === 'ended') ended.push(event.round)
    if (ended.length === until) break
  }
  return ended
}

it('a peer with a folder is the same one after a crash, and goes on to the bits of a run without one', async () => {
  const folder = join(await emptyFolder(), 'run')
  const first = await open(folder)
  expect(await run(first, 2)).toEqual([0, 1])
  await first.kill()

  const second = await open(folder)
  expect(second.identity.peerId.equals(first.identity.peerId)).toBe(true)
  expect(second.rounds).toBe(2)
  expect(await run(second)).toEqual([2])
  await second.stop()

  const straight = join(await emptyFolder(), 'run')
  await mkdir(straight)
  await cp(join(folder, 'identity.key'), join(straight, 'identity.key'))
  const other = await open(straight)
  expect(await run(other)).toEqual([0, 1, 2])
  expect(second.parameters).toEqual(other.parameters)

  // All is done: the folder says so, and there is nothing to run.
  const third = await open(folder)
  expect([third.rounds, third.tested?.accuracy]).toEqual([3, second.tested?.accuracy])
  expect(await run(third)).toEqual([])
})

it('a running peer is saved and tested when it is asked to, and comes back from there', async () => {
  const folder = join(await emptyFolder(), 'run')
  const first = await open(folder)
  const asked: Promise<unknown>[] = []
  let trained = new Float32Array()
  for await (const event of first.run()) {
    if (event.round < 1) continue
    if (event.type === 'trained') {
      trained = first.parameters.slice()
      asked.push(first.saveNow(), first.evaluateNow())
    } else break
  }
  const [, tested] = await Promise.all(asked)
  expect(tested).toMatchObject({ accuracy: expect.any(Number), loss: expect.any(Number) })
  await first.kill()
  await expect(first.saveNow()).rejects.toThrow('the run has ended before')

  // In its second round, with what was trained of it.
  const second = await open(folder)
  expect(second.rounds).toBe(1)
  expect(second.parameters).toEqual(trained)
  expect(await run(second)).toEqual([1, 2])
})

it.each([
  ['dfedsam', 'a head'],
  ['none', 'NOTHING_YET'],
])(
  'a peer that comes back gives its head to whoever asks, unless nothing is handed over: %s',
  async (method, answer) => {
    const folder = join(await emptyFolder(), 'run')
    const run = parseManifest({ ...manifest, merge: method, training: { steps: 2 } })
    const first = await open(folder, { manifest: run })
    for await (const event of first.run()) if (event.type === 'ended') break
    await first.kill()

    const second = await open(folder, { manifest: run })
    const node = await createHost({ privateKey: (await createIdentity()).privateKey, transport: 'tcp', listen: [] })
    onTestFinished(() => node.stop())
    await node.start()
    for await (const _ of second.run()) {
      const asked = requestState(
        node,
        second.addresses(),
        { what: 'HEAD', runId: second.runId, limitBytes: 1e6 },
        AbortSignal.timeout(20_000),
      )
      expect(
        await asked.then(
          () => 'a head',
          (error: StateRefused) => error.code,
        ),
      ).toBe(answer)
      break
    }
  },
)

it('a folder of another run or another peer is refused, one in use too, and one where nothing began is taken away', async () => {
  const folder = join(await emptyFolder(), 'run')
  const peer = await open(folder)
  await expect(open(folder)).rejects.toThrow('is using it')
  await peer.stop()
  const before = await readdir(folder)
  const otherRun = parseManifest({ ...manifest, rounds: 4 })
  await expect(open(folder, { manifest: otherRun })).rejects.toThrow(/is of run [0-9a-f]{64}, not of/)
  await expect(open(folder, { name: 'zurich' })).rejects.toThrow('is of the peer basel; name another folder for zurich')
  await rm(join(folder, 'identity.key'))
  await expect(open(folder)).rejects.toThrow('identity.key: is missing, and this run was begun as')
  expect(await readdir(folder)).toEqual(before.filter(name => name !== 'identity.key'))

  const unborn = join(await emptyFolder(), 'run')
  await expect(open(unborn, { data: { own: { set: '/nowhere.csv' } } })).rejects.toThrow(HearsayError)
  await expect(readFile(join(unborn, 'manifest.yaml'))).rejects.toThrow('ENOENT')
})

it('a member that it remembers and its user names is one member, with the addresses of both', async () => {
  const folder = join(await emptyFolder(), 'run')
  const { peerId } = await createIdentity()
  const member = (name: string, port: number): MetMember => ({
    name,
    peerId,
    addresses: [multiaddr(`/ip4/127.0.0.1/tcp/${port}`)],
  })
  const first = await open(folder, { met: [member('zurich', 1)] })
  expect(await run(first, 1)).toEqual([0])
  await first.stop()
  const second = await open(folder, { met: [member('contact', 2)] })
  const met = second.met().map(({ name, addresses }) => [name, ...addresses.map(String)])
  expect(met).toEqual([['zurich', '/ip4/127.0.0.1/tcp/2', '/ip4/127.0.0.1/tcp/1']])
})

it('a peer opens with a topology that two peers could not have: listed edges of three members, and a grid of rows', async () => {
  const folder = join(await emptyFolder(), 'run')
  await mkdir(folder)
  const own = await loadOrCreateIdentity(join(folder, 'identity.key'))
  const others = await Promise.all([createIdentity(), createIdentity()])
  const members = [own, ...others].map(({ peerId }, at) => ({ name: `member ${at}`, peerId, addresses: [] }))
  const line = [
    [0, 1],
    [1, 2],
  ]
  const written = parseManifest({ ...manifest, peers: 3, minPeers: 3, topology: { kind: 'edges', edges: line } })
  expect((await open(folder, { manifest: written, members })).rounds).toBe(0)
  const grid = parseManifest({ ...manifest, peers: 6, topology: { kind: 'grid', rows: 3 } })
  expect((await open(join(await emptyFolder(), 'run'), { manifest: grid })).rounds).toBe(0)
})
