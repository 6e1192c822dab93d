import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createHandover,
  createMaskKey,
  createShareService,
  type HearsayHost,
  masked,
  maskedLayout,
  type ShareService,
} from '../../../src/gossip/index.js'
import { toFixed } from '../../../src/gossip/masks/fixed-point.js'
import type { MaskKey } from '../../../src/gossip/masks/mask.js'
import type { Swap } from '../../../src/methods/index.js'
import { fixedFederation, fixedPatience, type Member } from '../../../src/node/index.js'
import { createMaskedExchange, type MaskedExchange } from '../../../src/node/roads/masked-exchange.js'
import { ShareRounds } from '../../../src/node/roads/share-rounds.js'
import { layoutOf } from '../../../src/tensors/index.js'
import { createTopology } from '../../../src/topology/index.js'
import { connect, never, startHost } from '../../gossip/hosts.js'

const layout = layoutOf([{ name: 'dense/kernel', shape: [50, 4] }])
const runId = new Uint8Array(32).fill(7)
const headOf = (peer: number, round = 0): Float32Array =>
  Float32Array.from({ length: layout.size }, (_, at) => Math.sin(1 + at * (peer + 1) + round))

interface Side {
  readonly exchange: MaskedExchange
  readonly service: ShareService
  readonly rounds: ShareRounds
  swap(round: number, head?: Float32Array): Promise<Swap>
}

interface Options {
  readonly peers?: number
  readonly least?: number
  /** What a peer believes to be another's key. */
  readonly keySeenBy?: (peer: number, other: number, round: number, keys: readonly MaskKey[]) => Uint8Array | undefined
  readonly waitMs?: number
  readonly from?: (peer: number) => number
  readonly forge?: (peer: number) => Float32Array | undefined
  /** The key that a peer masks with, though it publishes another. */
  readonly maskedWith?: (peer: number, key: MaskKey) => MaskKey
  readonly normLimit?: number
  /** Does this peer see one more, which has no key? */
  readonly strangerSeenBy?: (peer: number) => boolean
  readonly shares?: boolean
}

/** Peers on a full graph, each with its masks. */
async function startPeers({
  peers = 4,
  least = 3,
  keySeenBy = (_peer, other, _round, keys) => keys[other]!.publicKey,
  waitMs = 600_000,
  from = () => 0,
  forge,
  maskedWith = (_peer, key) => key,
  normLimit = 1e4,
  strangerSeenBy = () => false,
  shares = false,
}: Options = {}): Promise<readonly Side[]> {
  const hosts: HearsayHost[] = await Promise.all(Array.from({ length: peers }, () => startHost('memory')))
  // In the order of their ids, as in a run.
  hosts.sort((a, b) => (a.peerId.toString() < b.peerId.toString() ? -1 : 1))
  const members: Member[] = hosts.map((host, peer) => ({
    name: `peer-${peer}`,
    peerId: host.peerId,
    addresses: host.getMultiaddrs().map(address => multiaddr(address.toString())),
  }))
  const keys = hosts.map(createMaskKey)
  const topology = createTopology({ kind: 'full', weights: 'uniform' }, peers, 1)
  const crowd = createTopology({ kind: 'full', weights: 'uniform' }, peers + 1, 1)
  const stranger = { ...members[0]!, name: 'stranger', peerId: (await startHost('memory')).peerId }
  const layouts = { head: layout, masked: maskedLayout(layout) }
  const numbers = new Map(members.map(({ peerId }, number) => [peerId.toString(), number]))
  for (const [at, host] of hosts.entries()) {
    for (const { peerId, addresses } of members) {
      if (!peerId.equals(host.peerId)) await host.peerStore.merge(peerId, { multiaddrs: [...addresses] })
    }
    for (const other of hosts.slice(at + 1)) await connect(host, other)
  }
  return Promise.all(
    hosts.map(async (node, self): Promise<Side> => {
      const handover = createHandover({
        runId,
        layout: layouts.masked,
        codec: masked,
        normLimit: 1e4,
        admit: () => undefined,
      })({ node })
      await handover.start()
      onTestFinished(() => handover.stop())
      const service = createShareService({
        runId,
        admit: () => undefined,
        answer: (...asked) => rounds.answer(...asked),
      })({ node })
      await service.start()
      onTestFinished(() => service.stop())
      const rounds = new ShareRounds({ self: node.peerId.toString(), key: keys[self]!, service, waitMs: 3_000 })
      const exchange = createMaskedExchange({
        ...(shares && { shares: rounds }),
        node,
        handover,
        patience: fixedPatience(waitMs),
        dialMs: 5_000,
        runId,
        layouts,
        key: maskedWith(self, keys[self]!),
        keysIn: round => peer => (numbers.has(peer) ? keySeenBy(self, numbers.get(peer)!, round, keys) : undefined),
        from: () => from(self),
        least,
        normLimit,
        forge: forge && (async (_position, head) => forge(self) ?? head),
      })
      const federation = strangerSeenBy(self)
        ? fixedFederation([...members, stranger], self, crowd)
        : fixedFederation(members, self, topology)
      return {
        exchange,
        service,
        rounds,
        swap: (round, head = headOf(self, round)) =>
          exchange.swap({ round, step: 0 }, head, federation.at(round), never),
      }
    }),
  )
}

/** What the fixed-point sum of the heads of these peers is, divided by their weight. */
function meanOf(peers: readonly number[], weight: number, round = 0): Float32Array {
  const total = new Int32Array(layout.size)
  const words = new Int32Array(layout.size)
  for (const peer of peers) {
    toFixed(words, headOf(peer, round), weight, 0, words.length)
    for (let at = 0; at < words.length; at++) total[at]! += words[at]!
  }
  const scale = 1 / (peers.length * weight * 2 ** 24)
  return Float32Array.from(total, word => word * scale)
}

const others = (self: number, peers = 4): number[] => [...Array(peers).keys()].filter(peer => peer !== self)

describe('an exchange of masked heads', () => {
  it('brings every peer the sum of the others to the last bit, round after round, and no vector', async () => {
    const sides = await startPeers()
    for (let round = 0; round < 3; round++) {
      const swaps = await Promise.all(sides.map(side => side.swap(round)))
      for (const [self, { received, absent, masked: made }] of swaps.entries()) {
        expect(received.size).toBe(0)
        expect(absent).toEqual([])
        expect(made!.clamped).toBe(0)
        expect(made!.sum!.peers).toEqual(others(self))
        expect(made!.sum!.weight).toBeCloseTo(0.75, 12)
        expect(made!.sum!.mean).toEqual(meanOf(others(self), 0.25, round))
      }
    }
    for (const { exchange } of sides) expect(exchange.voided).toEqual({})
  })

  it('P42 is void where a sender is missing: there is no sum, and everybody who came is named', async () => {
    const sides = await startPeers({ waitMs: 3_000 })
    const swaps = await Promise.all(sides.slice(1).map(side => side.swap(0)))
    for (const [at, { absent, masked: made }] of swaps.entries()) {
      const self = at + 1
      expect(made!.sum).toBeUndefined()
      expect(absent).toEqual(others(self).map(peer => ({ peer, reason: peer === 0 ? 'late' : 'void' })))
      expect(sides[self]!.exchange.voided).toEqual({ VOID_MISSING: 1 })
    }
  })

  it('goes on without a peer that is known to be gone before', async () => {
    const gone = (other: number): boolean => other === 0
    const sides = await startPeers({
      peers: 5,
      keySeenBy: (_self, other, _round, keys) => (gone(other) ? undefined : keys[other]!.publicKey),
    })
    const swaps = await Promise.all(sides.slice(1).map(side => side.swap(0)))
    for (const [at, { absent, masked: made }] of swaps.entries()) {
      expect(absent).toEqual([{ peer: 0, reason: 'gone' }])
      expect(made!.sum!.peers).toEqual(others(at + 1, 5).filter(peer => peer !== 0))
      expect(made!.sum!.weight).toBeCloseTo(3 / 5, 12)
    }
  })

  it('goes on without a peer whose key makes every secret 0, which waits for nobody and is waited for by none', async () => {
    const sides = await startPeers({
      peers: 5,
      keySeenBy: (_self, other, _round, keys) => (other === 0 ? new Uint8Array(32) : keys[other]!.publicKey),
    })
    const swaps = await Promise.all(sides.map(side => side.swap(0)))
    expect(swaps[0]!.masked!.sum!.peers).toEqual([1, 2, 3, 4])
    for (const [at, { absent, masked: made }] of swaps.slice(1).entries()) {
      expect(absent).toEqual([{ peer: 0, reason: 'gone' }])
      expect(made!.sum!.peers).toEqual(others(at + 1, 5).filter(peer => peer !== 0))
    }
  })

  it('is void where a sender weighs heads otherwise, as one that sees a peer more does', async () => {
    const sides = await startPeers({ strangerSeenBy: peer => peer === 1 })
    const swaps = await Promise.all(sides.map(side => side.swap(0)))
    for (const { masked: made } of swaps) expect(made!.sum).toBeUndefined()
    for (const { exchange } of sides) expect(exchange.voided).toEqual({ VOID_UNLIKE: 1 })
  })

  it('hands nothing over where too few senders are live', async () => {
    const sides = await startPeers({
      keySeenBy: (_self, other, _round, keys) => (other === 0 ? undefined : keys[other]!.publicKey),
    })
    const swaps = await Promise.all(sides.slice(1).map(side => side.swap(0)))
    for (const { masked: made } of swaps) expect(made!.sum).toBeUndefined()
    for (const { exchange } of sides.slice(1)) expect(exchange.voided).toEqual({ VOID_TOO_FEW: 1 })
  })

  it('hands nothing over where no more than half of a receiver’s senders are known: the others may be kept from us', async () => {
    // Of six senders each hears of three.
    const sides = await startPeers({
      peers: 7,
      keySeenBy: (_self, other, _round, keys) => (other > 3 ? undefined : keys[other]!.publicKey),
    })
    const swaps = await Promise.all(sides.slice(0, 4).map(side => side.swap(0)))
    for (const { masked: made } of swaps) expect(made!.sum).toBeUndefined()
    for (const { exchange } of sides.slice(0, 4)) expect(exchange.voided).toEqual({ VOID_TOO_FEW: 1 })
  })

  it('may be of pairs where that is allowed', async () => {
    const sides = await startPeers({ peers: 3, least: 2 })
    const swaps = await Promise.all(sides.map(side => side.swap(0)))
    for (const [self, { masked: made }] of swaps.entries()) expect(made!.sum!.peers).toEqual(others(self, 3))
  })

  it('is void, and poisons nothing, where peers are shown other keys or other senders', async () => {
    const liar = createMaskKey()
    const sides = await startPeers({
      peers: 5,
      keySeenBy(self, other, round, keys) {
        // In round 0 somebody shows peer 1 another key of peer 0; in round 1 peer 2 does not know of peer 4.
        if (round === 0 && self === 1 && other === 0) return liar.publicKey
        if (round === 1 && self === 2 && other === 4) return undefined
        return keys[other]!.publicKey
      },
    })
    for (const [round, whoDiffers] of [1, 2].entries()) {
      const swaps = await Promise.all(sides.map(side => side.swap(round)))
      for (const [self, { absent, masked: made }] of swaps.entries()) {
        // What peer 0 adds up has no masks of its own in it; so peer 1's view of others is right there.
        const isWhole = round === 0 ? self === 0 : self === 4
        expect({ round, self, isWhole: made!.sum !== undefined }).toEqual({ round, self, isWhole })
        if (isWhole) continue
        const reasons = new Map(absent.map(({ peer, reason }) => [peer, reason]))
        if (self !== whoDiffers) expect(reasons.get(whoDiffers)).toBe('refused')
      }
    }
    const swaps = await Promise.all(sides.map(side => side.swap(2)))
    for (const { masked: made } of swaps) expect(made!.sum).toBeDefined()
    expect(sides[3]!.exchange.voided).toEqual({ VOID_UNLIKE: 2 })
  })

  it('masks once for each round: nothing is handed over again, nor for rounds before it takes part', async () => {
    const sides = await startPeers({ waitMs: 3_000, from: peer => (peer === 0 ? 2 : 0) })
    const [first, ...rest] = sides as [Side, Side, Side, Side]
    // It may have masked for rounds 0 and 1 before it died.
    for (const round of [0, 1]) {
      const [own, ...swaps] = await Promise.all([first.swap(round), ...rest.map(side => side.swap(round))])
      expect(own.masked!.sum).toBeUndefined()
      for (const { masked: made } of swaps) expect(made!.sum).toBeUndefined()
    }
    const swaps = await Promise.all(sides.map(side => side.swap(2)))
    for (const { masked: made } of swaps) expect(made!.sum).toBeDefined()
    // The same round again, with other heads.
    const again = await Promise.all(sides.map((side, self) => side.swap(2, headOf(self, 9))))
    for (const { masked: made } of again) expect(made!.sum).toBeUndefined()
    expect(first.exchange.voided).toEqual({ VOID_TOO_FEW: 3 })
  })

  it('is void where a sender hands over what is no masked head, which shows in the sum', async () => {
    const liar = createMaskKey()
    const sides = await startPeers({ maskedWith: (peer, key) => (peer === 1 ? liar : key), normLimit: 100 })
    const swaps = await Promise.all(sides.map(side => side.swap(0)))
    for (const [self, { absent, masked: made }] of swaps.entries()) {
      // Its own sum is of the others.
      expect(made!.sum === undefined).toBe(self !== 1)
      if (self === 1) continue
      expect(absent).toEqual(others(self).map(peer => ({ peer, reason: 'void' })))
      expect(sides[self]!.exchange.voided).toEqual({ VOID_TOO_LONG: 1 })
    }
  })

  it('counts numbers that are too large, of which the largest that it can send goes out', async () => {
    const sides = await startPeers({
      forge: peer => (peer === 2 ? new Float32Array(layout.size).fill(1e9) : undefined),
    })
    const swaps = await Promise.all(sides.map(side => side.swap(0)))
    expect(swaps.map(({ masked: made }) => made!.clamped)).toEqual([0, 0, layout.size, 0])
    for (const value of swaps[0]!.masked!.sum!.mean) expect(value).toBeLessThan(64)
  })
})

describe('an exchange of masked heads whose masks are shared', () => {
  it('P42 brings the sum of those that came, to the last bit, where a quarter may be missing', async () => {
    const sides = await startPeers({ peers: 6, shares: true, waitMs: 3_000 })
    const whole = await Promise.all(sides.map(side => side.swap(0)))
    for (const [self, { absent, masked: made }] of whole.entries()) {
      expect(absent).toEqual([])
      expect(made!.sum!.mean).toEqual(meanOf(others(self, 6), 1 / 6))
    }
    // Of the five senders of each, one is missing in round 1.
    const some = await Promise.all(sides.slice(1).map(side => side.swap(1)))
    for (const [at, { absent, masked: made }] of some.entries()) {
      const there = others(at + 1, 6).filter(peer => peer !== 0)
      expect(absent).toEqual([{ peer: 0, reason: 'late' }])
      expect(made!.sum!.peers).toEqual(there)
      expect(made!.sum!.mean).toEqual(meanOf(there, 1 / 6, 1))
    }
    // Two are too many.
    const few = await Promise.all(sides.slice(2).map(side => side.swap(2)))
    for (const { masked: made } of few) expect(made!.sum).toBeUndefined()
    expect(sides[3]!.exchange.voided).toEqual({ VOID_MISSING: 1 })
  })

  it('is void where those whose heads came are silent afterwards', async () => {
    const sides = await startPeers({ peers: 5, shares: true, waitMs: 3_000 })
    const [first, ...rest] = sides as [Side, Side, Side, Side, Side]
    // They hand over and answer nobody.
    for (const { rounds } of rest) Object.assign(rounds, { answer: () => undefined })
    const [own] = await Promise.all([first.swap(0), ...rest.map(side => side.swap(0))])
    expect(own.masked!.sum).toBeUndefined()
    expect(first.exchange.voided).toEqual({ VOID_UNANSWERED: 1 })
  })

  it('P43 answers once for a group, whatever is asked again', async () => {
    const sides = await startPeers({ peers: 5, shares: true })
    await Promise.all(sides.map(side => side.swap(0)))
    for (const { rounds } of sides) {
      const promised = [
        ...(rounds as unknown as { promised: Map<string, { group: { digest: Uint8Array } }[]> }).promised,
      ]
      expect(promised).toHaveLength(4)
      for (const [receiver, [one]] of promised) {
        const at = { round: 0, step: 0, group: one!.group.digest }
        const question = { came: [0, 1, 2], sealed: [new Uint8Array(48), new Uint8Array(48)] }
        expect(rounds.answer(receiver, at, question)).toBeUndefined()
        expect(rounds.answer('a stranger', at, question)).toBeUndefined()
      }
    }
  })
})
