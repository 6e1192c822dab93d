import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createHandover, digestOf, type RejectionReason, type StatePayload } from '../../../src/gossip/index.js'
import { mergedUpdates } from '../../../src/merge/index.js'
import type { Swap } from '../../../src/methods/index.js'
import { fixedFederation, fixedPatience, type Member } from '../../../src/node/index.js'
import { createUpdateExchange, type UpdateExchange } from '../../../src/node/roads/update-exchange.js'
import { createWholeVectors, type WholeVectors } from '../../../src/node/roads/whole-vectors.js'
import { layoutOf } from '../../../src/tensors/index.js'
import { createTopology } from '../../../src/topology/index.js'
import { codecNamed } from '../../codec/named.js'
import { connect, never, startHost } from '../../gossip/hosts.js'
import { bits } from '../../merge/rounds.js'

const size = 9_000
const runId = new Uint8Array(32).fill(7)
const layout = layoutOf([{ name: 'dense/kernel', shape: [size] }])

interface Settings {
  readonly refuses?: (receiver: number, sender: number, round: number) => RejectionReason | undefined
  /** Answers in place of the one that is asked; `undefined` lets it answer itself. */
  readonly answers?: (asked: number, whole: WholeVectors, signal: AbortSignal) => Promise<StatePayload> | undefined
  /** @default they do */
  readonly answer?: boolean
}

interface Side {
  readonly exchange: UpdateExchange
  swap(round: number, values: Float32Array, anchor: Float32Array): Promise<Swap>
}

/** Peers that all hear each other. */
async function startPeers(peers: number, { refuses, answers, answer = true }: Settings = {}): Promise<readonly Side[]> {
  const hosts = await Promise.all(Array.from({ length: peers }, () => startHost('memory')))
  hosts.sort((a, b) => (a.peerId.toString() < b.peerId.toString() ? -1 : 1))
  const members: Member[] = hosts.map(({ peerId }, peer) => ({ name: `peer-${peer}`, peerId, addresses: [] }))
  const numbers = new Map(members.map(({ peerId }, number) => [peerId.toString(), number]))
  const topology = createTopology({ kind: 'full', weights: 'uniform' }, peers, 1)
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
    const handover = createHandover({
      ...{ runId, layout, codec: codecNamed('topk2bit'), normLimit: 1e6 },
      admit: (sender, round) => refuses?.(self, numbers.get(sender)!, round),
    })({ node })
    await handover.start()
    onTestFinished(() => handover.stop())
    const ask = async (peer: Member['peerId'], signal: AbortSignal): Promise<StatePayload> => {
      const asked = numbers.get(peer.toString())!
      return (await answers?.(asked, whole, signal)) ?? sides[asked]!.exchange.latest()!
    }
    const exchange = createUpdateExchange({
      ...{ node, handover, whole, dialMs: 5_000, keepsLatest: true, patience: fixedPatience(2_000) },
      ...(answer && { ask }),
    })
    const federation = fixedFederation(members, self, topology)
    sides.push({
      exchange,
      swap: (round, values, anchor) =>
        exchange.swap({ round, step: 0 }, values, federation.at(round), never, undefined, anchor),
    })
  }
  return sides
}

const wave = (phase: number): Float32Array => Float32Array.from({ length: size }, (_, k) => Math.sin(phase + k * phase))
/** The anchor, with something of one's own added. */
const trained = (anchor: Float32Array, peer: number): Float32Array =>
  anchor.map((value, k) => value + 0.1 * Math.sin(k * (peer + 2)))

/** All exchange in a round. @param anchors - of each */
const swapAll = (sides: readonly Side[], round: number, anchors: readonly Float32Array[]): Promise<Swap[]> =>
  Promise.all(sides.map((side, peer) => side.swap(round, trained(anchors[peer]!, peer), anchors[peer]!)))

describe('an exchange of updates', () => {
  it('P47: gives all the same vectors, to the last bit, of a sixty-fourth of the numbers', async () => {
    const sides = await startPeers(3)
    const anchor = wave(1)
    for (const round of [0, 1]) {
      const swaps = await swapAll(sides, round, [anchor, anchor, anchor])
      for (const [peer, { anchored, absent }] of swaps.entries()) {
        expect(absent).toEqual([])
        expect(anchored!.anchor).toBe(anchor)
        const { said } = anchored!
        const moved = said!.filter((value, k) => value !== anchor[k]).length
        expect(moved).toBeGreaterThan(100)
        expect(moved).toBeLessThanOrEqual(64 * Math.ceil(size / 4096))
        for (const other of swaps.filter(({ received }) => received.has(peer))) {
          expect(bits(other.received.get(peer)!)).toEqual(bits(said!))
        }
      }
      for (const { release } of swaps) release()
    }
    expect(sides.map(({ exchange }) => exchange.counters)).toEqual(new Array(3).fill({ rejected: {}, repairBytes: 0 }))
    expect(sides[0]!.exchange.latest()!.digest).toEqual(
      await createWholeVectors({ layout, normLimit: 1e6 }).digestOf(anchor),
    )
  })

  it('gives whoever has another anchor than most theirs, and nobody what it said of its own', async () => {
    const sides = await startPeers(3)
    const [anchor, other] = [wave(1), wave(3)]
    const swaps = await swapAll(sides, 4, [anchor, other, anchor])
    expect(bits(swaps[1]!.anchored!.anchor)).toEqual(bits(anchor))
    expect(swaps[1]!.anchored!.said).toBeUndefined()
    expect([...swaps[1]!.received.keys()].sort()).toEqual([0, 2])
    expect(bits(swaps[1]!.received.get(0)!)).toEqual(bits(swaps[0]!.anchored!.said!))
    for (const peer of [0, 2]) {
      expect(swaps[peer]!.absent).toEqual([{ peer: 1, reason: 'refused' }])
      expect(swaps[peer]!.received.has(1)).toBe(false)
      expect(sides[peer]!.exchange.counters).toEqual({ rejected: { ANCHOR_UNLIKE: 1 }, repairBytes: 0 })
    }
    expect(sides[1]!.exchange.counters.repairBytes).toBeGreaterThan(4 * size)
    expect(sides[1]!.exchange.counters.rejected).toEqual({})
  })

  it('finds out in the next round who has missed a message that others have heard', async () => {
    const sides = await startPeers(3, {
      refuses: (receiver, sender, round) =>
        receiver === 0 && sender === 1 && round === 0 ? 'NOT_A_NEIGHBOUR' : undefined,
    })
    let anchors = [wave(1), wave(1), wave(1)]
    for (const round of [0, 1, 2]) {
      const swaps = await swapAll(sides, round, anchors)
      anchors = swaps.map(({ received, anchored }, peer) => {
        const { anchor, said = anchor } = anchored!
        const all = [...received, [peer, said] as const].sort(([a], [b]) => a - b).map(([, values]) => values)
        const lengths = all.map(values => Math.hypot(...values.map((value, k) => value - anchor[k]!)))
        const out = new Float32Array(size)
        mergedUpdates(anchor, all, lengths, 'senders').write(out, 0, size)
        return out
      })
      const apart = new Set(anchors.map(anchor => Buffer.from(anchor.buffer).toString('hex'))).size
      expect(apart).toBe(round === 0 ? 2 : 1)
      for (const { release } of swaps) release()
    }
  })

  it('goes on from its own where nobody gives that of most, or something else under its name', async () => {
    const wrong = async (_: number, whole: WholeVectors): Promise<StatePayload> => ({
      ...(await whole.encode(wave(9))),
      round: 0,
    })
    const broken = async (): Promise<StatePayload> => ({
      bytes: new Uint8Array(9),
      digest: await digestOf(new Uint8Array(9)),
      round: 0,
    })
    for (const settings of [{ answer: false }, { answers: wrong }, { answers: broken }]) {
      const sides = await startPeers(3, settings)
      const [anchor, other] = [wave(1), wave(3)]
      const [, unlike] = await swapAll(sides, 0, [anchor, other, anchor])
      expect(unlike!.anchored!.anchor).toBe(other)
      // Most have left it out.
      expect(unlike!.anchored!.said).toBeUndefined()
      expect(unlike!.received.size).toBe(2)
      expect(sides[1]!.exchange.counters.rejected).toEqual({ ANCHOR_UNANSWERED: 1 })
    }
  })

  it('asks another where one does not answer', async () => {
    const silent = (asked: number, _: WholeVectors, signal: AbortSignal): Promise<StatePayload> | undefined =>
      asked === 0
        ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
        : undefined
    const sides = await startPeers(3, { answers: silent })
    const [anchor, other] = [wave(1), wave(3)]
    const [, unlike] = await swapAll(sides, 0, [anchor, other, anchor])
    expect(bits(unlike!.anchored!.anchor)).toEqual(bits(anchor))
  })

  it.each([1, 3])('keeps its own where all that is heard of most is one other', async phase => {
    const sides = await startPeers(4, {
      refuses: (receiver, sender) => (receiver === 1 && sender > 1 ? 'NOT_A_NEIGHBOUR' : undefined),
    })
    const [anchor, other] = [wave(phase), wave(4 - phase)]
    const [, heard] = await swapAll(sides, 0, [other, anchor, anchor, anchor])
    expect(heard!.anchored!.anchor).toBe(anchor)
    expect(sides[1]!.exchange.counters.repairBytes).toBe(0)
  })

  it('has said nothing where its update is not finite', async () => {
    const [side] = await startPeers(1)
    const anchor = wave(1)
    const { anchored } = await side!.swap(0, new Float32Array(size).fill(Number.NaN), anchor)
    expect(anchored).toEqual({ anchor, said: undefined })
  })
})
