import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createHandover, type Handover } from '../../../src/gossip/index.js'
import type { Swap } from '../../../src/methods/index.js'
import {
  createExchange,
  fixedFederation,
  fixedPatience,
  type Member,
  type StreamExchange,
} from '../../../src/node/index.js'
import type { News } from '../../../src/node/roads/news.js'
import { layoutOf } from '../../../src/tensors/index.js'
import { createTopology } from '../../../src/topology/index.js'
import { connect, never, startHost } from '../../gossip/hosts.js'

const layout = layoutOf([{ name: 'dense/kernel', shape: [3] }])
const peers = 5

interface Side {
  readonly handover: Handover
  readonly exchange: StreamExchange
  heard: number
}

/** A ring of peers of which those in `fresh` have news. */
async function startRing(fresh: { now: ReadonlySet<number> }, waitMs = 600_000, keepsLatest = false) {
  const hosts = await Promise.all(Array.from({ length: peers }, () => startHost('memory')))
  const members: Member[] = hosts.map(({ peerId }, peer) => ({ name: `peer-${peer}`, peerId, addresses: [] }))
  const topology = createTopology({ kind: 'ring', weights: 'metropolis-hastings' }, peers, 1)
  for (const [from, to] of topology.graphAt(0).edges) {
    const multiaddrs = hosts[to]!.getMultiaddrs().map(address => multiaddr(address.toString()))
    await hosts[from]!.peerStore.merge(hosts[to]!.peerId, { multiaddrs })
    await connect(hosts[from]!, hosts[to]!)
  }
  const sides = await Promise.all(
    hosts.map(async (node, self): Promise<Side> => {
      const runId = new Uint8Array(32).fill(7)
      const admit = (): undefined => undefined
      const handover = createHandover({ runId, layout, normLimit: 1e6, mayBeStill: true, admit })({ node })
      await handover.start()
      onTestFinished(() => handover.stop())
      const news = {
        isNew: async () => fresh.now.has(self),
        async heard() {
          side.heard += 1
        },
      } as Partial<News> as News
      const patience = fixedPatience(waitMs)
      const parts = { node, handover, dialMs: 5_000 }
      const side = { handover, heard: 0, exchange: createExchange({ ...parts, news, patience, keepsLatest }) }
      return side
    }),
  )
  const where = sides.map((_, self) => fixedFederation(members, self, topology).at(0))
  return {
    sides,
    hosts,
    swap: (self: number, round: number, head: Float32Array): Promise<Swap> =>
      sides[self]!.exchange.swap({ round, step: 0 }, head, where[self]!, never),
  }
}

const headOf = (peer: number, round: number): Float32Array => new Float32Array(3).fill(peer + 100 * round)

describe('an exchange where some have nothing new', () => {
  it('uses each edge both ways where either end has news, and not at all where neither has', async () => {
    const fresh = { now: new Set<number>() }
    const { sides, swap } = await startRing(fresh)
    let round = 0
    await fc.assert(
      fc.asyncProperty(fc.subarray([0, 1, 2, 3, 4]), async some => {
        fresh.now = new Set(some)
        const now = round++
        const heads = sides.map((_, peer) => headOf(peer, now))
        const before = sides.map(side => side.heard)
        const swaps = await Promise.all(heads.map((head, peer) => swap(peer, now, head)))
        for (const [peer, { received, absent, still }] of swaps.entries()) {
          const neighbours = [(peer + 4) % 5, (peer + 1) % 5].sort((a, b) => a - b)
          const used = neighbours.filter(other => fresh.now.has(peer) || fresh.now.has(other))
          expect([...received.keys()].sort((a, b) => a - b)).toEqual(used)
          expect(still).toEqual(neighbours.filter(other => !used.includes(other)))
          expect(absent).toEqual([])
          // This round's own heads, never older ones.
          for (const [other, values] of received) expect(values).toEqual(headOf(other, now))
          const isHeard = !fresh.now.has(peer) && used.length === 2
          expect(sides[peer]!.heard - before[peer]!).toBe(isHeard ? 1 : 0)
        }
        // What returns to one end of an edge returns to the other: the mean stays.
        const merged = swaps.map(({ received }, peer) =>
          [...received.values()].reduce((sum, other) => sum + (other[0]! - heads[peer]![0]!) / 3, heads[peer]![0]!),
        )
        const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)
        expect(sum(merged)).toBeCloseTo(sum(heads.map(head => head[0]!)), 6)
        for (const { release } of swaps) release()
      }),
      { numRuns: 20 },
    )
    await Promise.all(sides.map(({ exchange }) => exchange.idle()))
    for (const { handover } of sides) expect(handover.counters.rejected).toEqual({})
  })

  it('may have the head overwritten as soon as it resolves', async () => {
    const { swap } = await startRing({ now: new Set([0]) })
    const heads = Array.from({ length: peers }, (_, peer) => headOf(peer, 0))
    const swaps = await Promise.all(
      heads.map(async (head, peer) => {
        const swapped = await swap(peer, 0, head)
        head.fill(-1)
        return swapped
      }),
    )
    expect(swaps[0]!.received.get(1)).toEqual(headOf(1, 0))
    expect(swaps[0]!.received.get(4)).toEqual(headOf(4, 0))
  })

  it('keeps the head of this round for newcomers, though nobody took it and it is overwritten then', async () => {
    const fresh = { now: new Set([0, 1, 2, 3, 4]) }
    const { sides, swap } = await startRing(fresh, undefined, true)
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        sides.map(async (_, peer) => {
          const head = headOf(peer, round)
          await swap(peer, round, head)
          head.fill(-1)
        }),
      )
      for (const [peer, { handover, exchange }] of sides.entries()) {
        const latest = exchange.latest()!
        expect(latest.round).toBe(round)
        expect(await handover.decode(latest.bytes)).toEqual(headOf(peer, round))
      }
      fresh.now = new Set()
    }
  })

  it('answers those that have news without waiting for one that says nothing', async () => {
    const { sides, swap } = await startRing({ now: new Set([0]) }, 4_000)
    // Peer 2 takes part in none.
    const some = [0, 1, 3, 4].map(peer => swap(peer, 0, headOf(peer, 0)))
    const began = performance.now()
    const { received, absent } = await some[0]!
    expect([...received.keys()].sort()).toEqual([1, 4])
    expect(absent).toEqual([])
    // Beside the other waits, which end by their limit.
    expect(performance.now() - began).toBeLessThan(4_000)
    const [, one] = await Promise.all(some)
    expect(one!.absent).toEqual([{ peer: 2, reason: 'late' }])
    expect([...one!.received.keys()]).toEqual([0])
    await Promise.all(sides.map(({ exchange }) => exchange.idle()))
  })

  it('goes on without a neighbour that said that it has nothing new, and answers nothing', async () => {
    const { sides, hosts, swap } = await startRing({ now: new Set([0]) }, 500)
    const swapping = swap(0, 0, headOf(0, 0))
    // A liar: it says so to one that has news, and to one that has not.
    for (const to of [0, 2]) {
      const said = await sides[1]!.handover.send(hosts[to]!.peerId, 0, 0, undefined, never)
      expect(said).toMatchObject({ ok: true })
    }
    expect((await swapping).absent).toEqual([
      { peer: 1, reason: 'late' },
      { peer: 4, reason: 'late' },
    ])
    expect((await swap(2, 0, headOf(2, 0))).still).toEqual([1])
  })
})
