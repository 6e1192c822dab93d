import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseManifest } from '../../src/node/index.js'
import { createGraph, type Edge, type Graph, splitRow, type Topology } from '../../src/topology/index.js'
import { build } from '../merge/rounds.js'
import { descend, optimumOf, size } from './bowls.js'

const section = { method: 'push-sum', rho: 0, momentum: 0 } as never
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** A graph of given edges that stays the same. */
function topologyOf(graph: Graph): Topology {
  return {
    ...build('exponential', graph.peers),
    ...{ name: 'given', graphAt: () => graph, union: graph, directed: true, period: 1 },
  }
}

/** A circle through all peers in any order, so that everybody reaches everybody, and other arrows. */
const digraphs = fc
  .tuple(fc.integer({ min: 2, max: 8 }), fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 16 }))
  .map(([peers, more]) => {
    const circle = Array.from({ length: peers }, (_, i): Edge => [i, (i + 1) % peers])
    return createGraph(peers, [...circle, ...more.map(([a, b]): Edge => [a % peers, b % peers])], true)
  })

/** Nobody learns anything. */
const still = (peers: number) => Array.from({ length: peers }, () => ({ a: 0, b: 0 }))

/** Peer 0 sends to all, and all others to the next: the rows that averages have do not count all alike. */
const skewed = createGraph(
  4,
  [
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 2],
    [2, 3],
    [3, 0],
  ],
  true,
)

describe('push-sum', () => {
  it('P11: what a peer has is split whole, on every graph', () => {
    fc.assert(
      fc.property(digraphs, graph => {
        const columns = new Array<number>(graph.peers).fill(0)
        for (let peer = 0; peer < graph.peers; peer++) {
          const { self, from } = splitRow(graph, peer)
          expect(self).toBeGreaterThan(0)
          columns[peer]! += self
          for (const { peer: other, weight } of from) columns[other]! += weight
        }
        for (const column of columns) expect(column).toBeCloseTo(1, 12)
      }),
    )
    const base = build('base-k', 5).graphAt(2)
    expect(splitRow(base, 4)).toEqual({ self: expect.closeTo(0.2, 12), from: [{ peer: 0, weight: 0.8 }] })
  })

  it('P11: Σu and Σa stay as they are, and every x comes to the mean of all', async () => {
    await fc.assert(
      fc.asyncProperty(
        digraphs,
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 8, maxLength: 8 }),
        async (graph, values) => {
          const from = values.slice(0, graph.peers)
          const descent = {
            bowls: still(graph.peers),
            rounds: 150,
            topology: topologyOf(graph),
            from,
            headDistance: 1e6,
          }
          const { said, ended } = await descend(section, descent)
          for (const round of said) {
            expect(sum(round.map(([, mass]) => mass!))).toBeCloseTo(graph.peers, 4)
            expect(sum(round.map(([x, mass]) => x! * mass!))).toBeCloseTo(sum(from), 3)
            for (const [, mass] of round) expect(mass).toBeGreaterThan(0)
          }
          const mean = sum(from) / graph.peers
          // A circle of eight with one way mixes by 0.92 a round.
          for (const x of ended.at(-1)!) expect(x).toBeCloseTo(mean, 2)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('comes to the optimum of all where plain averages come to that of those who are heard', async () => {
    const bowls = [4, -4, 1, 0].map(b => ({ a: 1, b }))
    const descent = { bowls, rounds: 300, steps: 1, topology: topologyOf(skewed) }
    const pushed = await descend(section, descent)
    const plain = await descend({ method: 'dfedavg' }, descent)
    const off = (ended: readonly number[][]): number => Math.abs(sum(ended.at(-1)!) / 4 - optimumOf(bowls))
    // The gradients at all x add up to 0 in the end, and of these bowls then the x to their optimum, after a step.
    expect(off(pushed.ended)).toBeLessThan(0.06)
    expect(off(plain.ended)).toBeGreaterThan(0.3)
  })

  it('is plain averaging where all send and hear alike', async () => {
    const bowls = [4, -4, 1, 0].map((b, at) => ({ a: 1 + at, b }))
    for (const topology of ['exponential', 'base-k'] as const) {
      const pushed = await descend(section, { bowls, rounds: 6, topology })
      const plain = await descend({ method: 'dfedavg' }, { bowls, rounds: 6, topology })
      for (const [peer, x] of pushed.ended[5]!.entries()) expect(x).toBeCloseTo(plain.ended[5]![peer]!, 5)
    }
  })

  it('goes on with graphs that never repeat and of which the rows do not count all alike', async () => {
    const topology = { kind: 'epidemic', draws: 'local', degree: 2 } as const
    const from = [8, 0, 0, 0, 0, 0, 0, -2]
    const { ended, said } = await descend(section, { bowls: still(8), rounds: 40, topology, from })
    for (const x of ended.at(-1)!) expect(x).toBeCloseTo(0.75, 3)
    expect(new Set(said.at(-1)!.map(([, mass]) => mass)).size).toBeGreaterThan(2)
  })

  it('loses no mass for ever where messages are lost: steps do not grow', async () => {
    let count = 0
    // Each fifth message, and all of peer 2.
    const way = (from: number, _to: number, _round: number, values: Float32Array) =>
      from === 2 || ++count % 5 === 0 ? undefined : values
    const bowls = [4, -4, 1, 0].map(b => ({ a: 1, b }))
    const { said, ended } = await descend(section, { bowls, rounds: 400, steps: 1, topology: 'exponential', way })
    for (const round of said) for (const [, mass] of round) expect(mass).toBeGreaterThan(0.1)
    for (const x of ended.at(-1)!) expect(Math.abs(x)).toBeLessThan(5)
  })

  it.each([1e9, 0, -3])('believes no peer that has %d of all there is', async said => {
    const way = (from: number, _to: number, _round: number, values: Float32Array) => {
      if (from === 0) values[size] = said
      return values
    }
    const bowls = [4, -4, 1, 0].map(b => ({ a: 1, b }))
    const { said: all, ended } = await descend(section, {
      ...{ bowls, rounds: 50, steps: 1, topology: 'exponential', way },
    })
    // Nobody has more than all have, were the liar to say so in every round.
    for (const round of all) {
      for (const [, mass] of round.slice(1)) {
        expect(mass).toBeGreaterThan(0)
        expect(mass).toBeLessThanOrEqual(4)
      }
    }
    for (const x of ended.at(-1)!) expect(Math.abs(x)).toBeLessThan(5)
  })

  it('has settled numbers, and what it does not go with', () => {
    const settled = { method: 'push-sum', rho: 0, momentum: 0 }
    expect(parseManifest({ merge: 'push-sum' }).merge).toEqual(settled)
    expect(() => parseManifest({ merge: 'push-sum', mode: 'async' })).toThrow(
      'mode: async does not go with merge: push-sum',
    )
    expect(() => parseManifest({ merge: 'push-sum', believe: 'clip' })).toThrow(
      'believe: does not go with merge: push-sum',
    )
    expect(() => parseManifest({ merge: 'push-sum', encoding: { codec: 'topk', memory: 'choco' } })).toThrow(
      'encoding.memory: does not go with merge: push-sum',
    )
    expect(() => parseManifest({ merge: 'push-sum', masks: true, topology: 'full' })).toThrow('masks')
  })
})
