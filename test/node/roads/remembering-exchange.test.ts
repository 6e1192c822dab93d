import { setImmediate } from 'node:timers/promises'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Codec, exactly, f32, int8 } from '../../../src/codec/index.js'
import {
  createHandover,
  digestOf,
  type Handover,
  type HearsayHost,
  type RejectionReason,
  type StatePayload,
} from '../../../src/gossip/index.js'
import { createBelieving } from '../../../src/methods/averaging/believing.js'
import { createAveraging } from '../../../src/methods/averaging/rounds.js'
import { fixedFederation, fixedPatience, type Member } from '../../../src/node/index.js'
import { Copies } from '../../../src/node/roads/copies.js'
import { createRememberingExchange, type RememberingExchange } from '../../../src/node/roads/remembering-exchange.js'
import { createWholeVectors } from '../../../src/node/roads/whole-vectors.js'
import { layoutOf } from '../../../src/tensors/index.js'
import { createTopology, type TopologySpec } from '../../../src/topology/index.js'
import { codecNamed } from '../../codec/named.js'
import { connect, never, startHost } from '../../gossip/hosts.js'
import { bits } from '../../merge/rounds.js'

const runId = new Uint8Array(32).fill(7)

/** The largest number of all, and where it is. */
const top1: Codec = {
  name: 'top1',
  inPlace: false,
  tensors: () => [{ name: 'largest', shape: [2], dtype: 'F32' }],
  size: () => exactly(8),
  encode(_layout, values, into) {
    const out = new Float32Array(into.buffer, into.byteOffset, 2)
    let best = -1
    const find = (from: number, to: number): void => {
      for (let k = from; k < to; k++) if (best < 0 || Math.abs(values[k]!) > Math.abs(values[best]!)) best = k
      out.set([best, values[best]!])
    }
    return { passes: [find], length: () => 8 }
  },
  decodable: ({ size }, bytes) => (bytes < 8 ? 0 : size),
  decode(_layout, from, values) {
    const [at, value] = new Float32Array(from.slice(0, 8).buffer)
    return (start, end) => {
      for (let k = start; k < end; k++) values[k] = k === at ? value! : 0
    }
  },
}

interface Settings {
  readonly size: number
  readonly codec: Codec
  readonly topology?: TopologySpec
  readonly gamma?: number
  /** Rounds from one exchange to the next. @default 1 */
  readonly every?: number
  readonly start?: (peer: number) => Float32Array
  /** Why a message is refused. @default it is not */
  readonly refuses?: (receiver: number, sender: number, round: number) => RejectionReason | undefined
  readonly waitMs?: number
  /** Answers a request for a whole copy in place of its owner. @default that does */
  readonly answers?: (asked: number, signal: AbortSignal) => Promise<StatePayload> | undefined
}

interface Side {
  readonly handover: Handover
  readonly copies: Copies
  readonly exchange: RememberingExchange
  /** Merges the head as averaging does. */
  round(round: number, head: Float32Array): Promise<void>
}

/** Peers on a ring that hold copies of each other, in the order of their ids. */
async function startPeers(peers: number, settings: Settings): Promise<readonly Side[]> {
  const { size, codec, gamma, refuses = () => undefined, answers = () => undefined, waitMs = 600_000 } = settings
  const { topology: spec = { kind: 'ring', weights: 'metropolis-hastings' }, start = () => new Float32Array(size) } =
    settings
  const layout = layoutOf([{ name: 'dense/kernel', shape: [size] }])
  const hosts: HearsayHost[] = await Promise.all(Array.from({ length: peers }, () => startHost('memory')))
  hosts.sort((a, b) => (a.peerId.toString() < b.peerId.toString() ? -1 : 1))
  const members: Member[] = hosts.map(({ peerId }, peer) => ({ name: `peer-${peer}`, peerId, addresses: [] }))
  const numbers = new Map(members.map(({ peerId }, number) => [peerId.toString(), number]))
  const topology = createTopology(spec, peers, 1)
  for (const [at, host] of hosts.entries()) {
    for (const other of hosts) {
      const multiaddrs = other.getMultiaddrs().map(address => multiaddr(address.toString()))
      if (other !== host) await host.peerStore.merge(other.peerId, { multiaddrs })
    }
    for (const other of hosts.slice(at + 1)) await connect(host, other)
  }
  const sides: Side[] = []
  for (const [self, node] of hosts.entries()) {
    const whole = createWholeVectors({ layout, normLimit: 1e6 })
    const copies = new Copies({ self: node.peerId.toString(), start: start(self), whole, normLimit: 1e6, rounds: 100 })
    const handover = createHandover({
      ...{ runId, layout, codec, normLimit: 1e6 },
      admit: (sender, round) => refuses(self, numbers.get(sender)!, round),
    })({ node })
    await handover.start()
    onTestFinished(() => handover.stop())
    const exchange = createRememberingExchange({
      ...{
        node,
        handover,
        copies,
        whole,
        rounds: 100,
        every: settings.every ?? 1,
        gamma,
        dialMs: 5_000,
        keepsLatest: true,
      },
      patience: fixedPatience(waitMs),
      async ask(peer, signal) {
        const asked = numbers.get(peer.toString())!
        return (await answers(asked, signal)) ?? sides[asked]!.exchange.latest()!
      },
    })
    const limits = { headDistance: 1e9, headRadius: 1e9, lossIncrease: 1 }
    const believing = createBelieving({ limits, uninformed: 1, loss: async () => 0 })
    // Copies begin at zero, of which no distance is a multiple.
    believing.trained({ loss: 1, moved: 1 })
    const averaging = createAveraging({
      ...{ steps: 1, chebyshev: false, road: exchange as never, believing, rounds: 100 },
      staleness: undefined,
      judging: undefined,
    })
    const federation = fixedFederation(members, self, topology)
    sides.push({
      handover,
      copies,
      exchange,
      async round(round, head) {
        for await (const _ of averaging.round({ round, where: federation.at(round), head }, never));
      },
    })
  }
  return sides
}

/** A peer's id, as its own copy is called. */
function idOf({ copies }: Side): string {
  return copies.kept({ tensors: [], numbers: {} }).tensors[0]!.name.slice('copy:'.length)
}

/** Every copy that a peer holds of a neighbour has the bits that the neighbour's own has. */
function expectAlike(sides: readonly Side[]): void {
  const ids = sides.map(idOf)
  for (const { copies } of sides) {
    for (const [peer, id] of ids.entries()) {
      const held = copies.of(id)
      if (held !== undefined) expect(bits(held.values)).toEqual(bits(sides[peer]!.copies.own.values))
    }
  }
}

const rounds = async (sides: readonly Side[], heads: readonly Float32Array[], round: number): Promise<void> => {
  await Promise.all(sides.map((side, peer) => side.round(round, heads[peer]!)))
}
const meansOf = (heads: readonly Float32Array[]): number[] =>
  Array.from(heads[0]!, (_, k) => heads.reduce((sum, head) => sum + head[k]!, 0) / heads.length)
const wavesOf = (peers: number, size: number): Float32Array[] =>
  Array.from({ length: peers }, (_, peer) =>
    Float32Array.from({ length: size }, (_, k) => Math.sin(1 + k * (peer + 1))),
  )

describe('CHOCO', () => {
  it('takes the steps of ALGORITHMS-2.md 5.3: a ring of four, the largest number alone, γ 0.5', async () => {
    const sides = await startPeers(4, { size: 2, codec: top1, gamma: 0.5 })
    const heads = [
      [4, 1],
      [0, 0],
      [0, 0],
      [0, 0],
    ].map(values => Float32Array.from(values))
    const expected = [
      [
        [8 / 3, 1],
        [2 / 3, 0],
        [0, 0],
        [2 / 3, 0],
      ],
      [
        [2, 1],
        [8 / 9, 0],
        [2 / 9, 0],
        [8 / 9, 0],
      ],
      [
        [1.407407, 2 / 3],
        [1.074074, 1 / 6],
        [4 / 9, 0],
        [1.074074, 1 / 6],
      ],
    ]
    for (const [round, after] of expected.entries()) {
      await rounds(sides, heads, round)
      for (const [peer, values] of after.entries()) {
        for (const [k, value] of values.entries()) expect(heads[peer]![k]).toBeCloseTo(value, 5)
      }
      expect(meansOf(heads)[0]).toBeCloseTo(1, 6)
      expect(meansOf(heads)[1]).toBeCloseTo(0.25, 6)
      expectAlike(sides)
    }
  })

  it('P15: without loss and with γ 1 it is plain gossip', async () => {
    const sides = await startPeers(4, { size: 50, codec: f32, gamma: 1 })
    const heads = wavesOf(4, 50)
    for (let round = 0; round < 3; round++) {
      const before = heads.map(head => head.slice())
      await rounds(sides, heads, round)
      for (const [peer, head] of heads.entries()) {
        const [left, right] = [before[(peer + 3) % 4]!, before[(peer + 1) % 4]!]
        for (let k = 0; k < 50; k++) expect(head[k]).toBeCloseTo((before[peer]![k]! + left[k]! + right[k]!) / 3, 5)
      }
    }
    expectAlike(sides)
  })

  it('P15: with int8 the copies of both ends have the same bits, and the mean is kept', async () => {
    const sides = await startPeers(3, { size: 500, codec: int8, gamma: 1, start: () => wavesOf(1, 500)[0]! })
    const heads = wavesOf(3, 500)
    const mean = meansOf(heads)
    for (let round = 0; round < 4; round++) await rounds(sides, heads, round)
    expectAlike(sides)
    for (const [k, value] of meansOf(heads).entries()) expect(value).toBeCloseTo(mean[k]!, 5)
    // They have come together though none ever said a whole vector.
    for (let k = 0; k < 500; k++) expect(heads[0]![k]).toBeCloseTo(heads[1]![k]!, 1)
    expect(sides.map(({ exchange }) => exchange.counters.repairs)).toEqual([0, 0, 0])
  })
})

it.each(['topk', 'topk2bit', 'randk', 'sign', 'qsgd'])(
  'P15: whatever %s loses, the copies of both ends have the same bits',
  async name => {
    const sides = await startPeers(3, { size: 9_000, codec: codecNamed(name), gamma: 0.02 })
    const heads = wavesOf(3, 9_000)
    const mean = meansOf(heads)
    for (let round = 0; round < 17; round++) {
      await rounds(sides, heads, round)
      expectAlike(sides)
    }
    for (const [k, value] of meansOf(heads).entries()) expect(value).toBeCloseTo(mean[k]!, 4)
    expect(sides.map(({ exchange }) => exchange.counters)).toMatchObject(
      new Array(3).fill({ repairs: 0, rejected: {} }),
    )
  },
)

describe('error feedback', () => {
  it('says later what a codec has lost: all peers come to the mean of what they hold fast', async () => {
    const sides = await startPeers(3, { size: 6, codec: top1 })
    const own = wavesOf(3, 6)
    let heads: Float32Array[] = []
    for (let round = 0; round < 20; round++) {
      heads = own.map(head => head.slice())
      await rounds(sides, heads, round)
    }
    for (const head of heads) for (const [k, value] of meansOf(own).entries()) expect(head[k]).toBeCloseTo(value, 4)
    expectAlike(sides)
  })
})

describe('a copy that does not fit', () => {
  it('is requested whole when a message was lost, by that neighbour alone', async () => {
    const sides = await startPeers(3, {
      ...{ size: 40, codec: int8, gamma: 1, waitMs: 2_000 },
      refuses: (receiver, sender, round) =>
        receiver === 0 && sender === 1 && round === 1 ? 'NOT_A_NEIGHBOUR' : undefined,
    })
    const heads = wavesOf(3, 40)
    await rounds(sides, heads, 0)
    expectAlike(sides)
    await rounds(sides, heads, 1)
    expect(sides[0]!.exchange.counters).toMatchObject({ repairs: 0 })
    await rounds(sides, heads, 2)
    expect(sides[0]!.exchange.counters).toMatchObject({ repairs: 1, rejected: { COPY_GAP: 1 } })
    expect(sides[0]!.exchange.counters.repairBytes).toBeGreaterThan(160)
    expect(sides[1]!.exchange.counters).toMatchObject({ repairs: 0, rejected: {} })
    expectAlike(sides)
  })

  it('is requested whole of one that begins elsewhere, as one that comes late', async () => {
    const sides = await startPeers(3, { size: 40, codec: int8, gamma: 1, start: peer => wavesOf(3, 40)[peer]! })
    await rounds(sides, wavesOf(3, 40), 0)
    expect(sides.map(({ exchange }) => exchange.counters.repairs)).toEqual([2, 2, 2])
    expectAlike(sides)
  })

  it('is requested whole of one whose head was replaced', async () => {
    const sides = await startPeers(3, { size: 40, codec: top1, gamma: 0.1 })
    const heads = wavesOf(3, 40)
    await rounds(sides, heads, 0)
    heads[2]!.fill(3)
    sides[2]!.exchange.replaced()
    await rounds(sides, heads, 1)
    expect(sides.map(({ exchange }) => exchange.counters.repairs)).toEqual([1, 1, 0])
    expect(bits(sides[2]!.copies.own.values)).toEqual(bits(new Float32Array(40).fill(3)))
    expectAlike(sides)
  })

  it('is found out every 16 rounds, where its bits have changed and no message was missed', async () => {
    const sides = await startPeers(2, { size: 8, codec: f32, gamma: 1, topology: { kind: 'full', weights: 'uniform' } })
    const heads = wavesOf(2, 8)
    await rounds(sides, heads, 0)
    sides[0]!.copies.of(idOf(sides[1]!))!.values[3]! += 1
    for (let round = 1; round < 15; round++) await rounds(sides, heads, round)
    expect(sides[0]!.exchange.counters.repairs).toBe(0)
    await rounds(sides, heads, 15)
    expect(sides[0]!.exchange.counters).toMatchObject({ repairs: 1, rejected: { COPY_UNLIKE: 1 } })
    expectAlike(sides)
  })

  it('is dropped when what it is added to grows beyond any head, and costs that neighbour its share', async () => {
    const sides = await startPeers(2, { size: 4, codec: f32, gamma: 1, topology: { kind: 'full', weights: 'uniform' } })
    const heads = [new Float32Array(4), new Float32Array(4).fill(4e5)]
    await rounds(sides, heads, 0)
    heads[1] = new Float32Array(4).fill(8e5)
    await rounds(sides, heads, 1)
    expect(sides[0]!.exchange.counters.rejected).toMatchObject({ COPY_TOO_LONG: 1 })
  })
})

describe('a neighbour whose messages fit no copy', () => {
  /** From round 1 on peer 0 has no copy of peer 1. */
  const losing = async (answers: Settings['answers'], waitMs: number): Promise<readonly Side[]> => {
    const sides = await startPeers(3, { size: 4, codec: f32, gamma: 1, waitMs, ...(answers && { answers }) })
    await rounds(sides, wavesOf(3, 4), 0)
    sides[0]!.copies.drop(idOf(sides[1]!))
    return sides
  }

  it('is asked after 2, 4, 8 and 16 exchanges where it does not answer, and holds up one alone', async () => {
    let [asked, round] = [0, 1]
    const inRounds: number[] = []
    // An exchange that waited for a second one would not end.
    const sides = await losing((_, signal) => {
      inRounds.push(round)
      asked += 1
      if (asked > 1) return Promise.reject(new Error('not now'))
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }, 2_000)
    const heads = wavesOf(3, 4)
    for (; round < 50; round++) await rounds(sides, heads, round)
    expect(inRounds).toEqual([1, 3, 7, 15, 31, 47])
    expect(sides[0]!.exchange.counters).toMatchObject({ repairs: 0, rejected: { COPY_UNANSWERED: 6 } })
  })

  it('is asked beside the exchanges from the second time on', async () => {
    let asked = 0
    const sides = await losing((_, signal) => {
      asked += 1
      if (asked === 1) return Promise.reject(new Error('not now'))
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }, 600_000)
    const heads = wavesOf(3, 4)
    for (let round = 1; round < 9; round++) await rounds(sides, heads, round)
    expect(asked).toBe(2)
    expect(sides[0]!.exchange.counters).toMatchObject({ rejected: { COPY_UNANSWERED: 1 } })
    await sides[0]!.exchange.idle()
    expect(sides[0]!.exchange.counters).toMatchObject({ rejected: { COPY_UNANSWERED: 2 } })
  })

  it('comes back once it answers', async () => {
    let asked = 0
    const sides = await losing(() => (asked++ === 0 ? Promise.reject(new Error('not now')) : undefined), 600_000)
    const heads = wavesOf(3, 4)
    for (let round = 1; round < 6; round++) await rounds(sides, heads, round)
    expect(sides[0]!.exchange.counters).toMatchObject({ repairs: 1, rejected: { COPY_UNANSWERED: 1 } })
    expectAlike(sides)
  })

  it('counts for no longer than any other, whatever round it says its copy is of', async () => {
    let sides: readonly Side[] = []
    const answers = async (asked: number): Promise<StatePayload> => ({
      ...sides[asked]!.exchange.latest()!,
      round: 1_000_000,
    })
    sides = await losing(answers, 600_000)
    const heads = wavesOf(3, 4)
    await rounds(sides, heads, 1)
    expect(sides[0]!.copies.of(idOf(sides[1]!))!.round).toBe(3)
  })
})

it('where reading one message fails, the others are released when they have been read', async () => {
  const sides = await startPeers(3, { size: 4, codec: f32, gamma: 1 })
  const heads = wavesOf(3, 4)
  await rounds(sides, heads, 0)
  const { copies, handover } = sides[0]!
  const [failing, reading] = sides.slice(1).map(side => copies.of(idOf(side))!)
  const [bug, happened]: [Error, string[]] = [new Error('a bug'), []]
  const [add, release] = [copies.add.bind(copies), handover.release]
  let isFailed = (): void => {}
  const failed = new Promise<void>(resolve => {
    isFailed = resolve
  })
  copies.add = async (copy, said) => {
    if (copy === failing) {
      isFailed()
      throw bug
    }
    if (copy !== reading) return add(copy, said)
    await failed
    await setImmediate()
    happened.push('read')
    return add(copy, said)
  }
  handover.release = values => {
    happened.push('released')
    release(values)
  }
  const [first] = await Promise.allSettled(sides.map((side, peer) => side.round(1, heads[peer]!)))
  expect(first).toEqual({ status: 'rejected', reason: bug })
  // The payload that was handed over is released too, earlier.
  expect(happened.slice(happened.indexOf('read'))).toEqual(['read', 'released', 'released'])
})

describe('a neighbour that is late', () => {
  it.each([1, 5])(
    'counts with the copy that is held, and what it says is added when it comes: of %i rounds',
    async every => {
      const sides = await startPeers(2, {
        ...{ size: 30, codec: int8, gamma: 1, waitMs: 300, every },
        topology: { kind: 'full', weights: 'uniform' },
      })
      const heads = wavesOf(2, 30)
      const at = (exchange: number): number => (exchange + 1) * every - 1
      await rounds(sides, heads, at(0))
      const before = heads[0]!.slice()
      await sides[0]!.round(at(1), heads[0]!)
      expect(bits(heads[0]!)).not.toEqual(bits(before))
      await sides[1]!.round(at(1), heads[1]!)
      await rounds(sides, heads, at(2))
      expect(sides.map(({ exchange }) => exchange.counters)).toMatchObject([
        { repairs: 0, rejected: {} },
        { repairs: 0, rejected: {} },
      ])
      expectAlike(sides)
    },
  )
})

it('what newcomers request is the own copy, whole, with its digest', async () => {
  const sides = await startPeers(2, { size: 30, codec: int8, topology: { kind: 'full', weights: 'uniform' } })
  await rounds(sides, wavesOf(2, 30), 0)
  const { bytes, digest, round } = sides[0]!.exchange.latest()!
  expect(round).toBe(0)
  expect(digest).toEqual(await digestOf(bytes))
  expect(digest).toEqual(await sides[0]!.copies.digestOf(sides[0]!.copies.own))
})
