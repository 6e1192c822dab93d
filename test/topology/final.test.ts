import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { finalSteps } from '../../src/topology/index.js'

/** W_S … W_1, by which the steps of a final merge weigh the vectors of all peers. */
function weightsAfter(peers: number): number[][] {
  let now: number[][] = Array.from({ length: peers }, (_, i) =>
    Array.from({ length: peers }, (_, j) => (i === j ? 1 : 0)),
  )
  for (const { rowOf } of finalSteps(peers)) {
    now = now.map((own, peer) => {
      const { self, from } = rowOf(peer)
      return own.map((value, j) => from.reduce((sum, { peer, weight }) => sum + weight * now[peer]![j]!, self * value))
    })
  }
  return now
}

describe('P49: the exchanges of a final merge', () => {
  it('give every peer the mean of all', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), peers => {
        for (const row of weightsAfter(peers)) for (const weight of row) expect(weight).toBeCloseTo(1 / peers, 12)
      }),
    )
  })

  it('are one for up to 16 peers, and few for more', () => {
    expect([1, 2, 16, 17, 32, 100, 1024].map(peers => finalSteps(peers).length)).toEqual([0, 1, 1, 6, 5, 8, 10])
  })

  it('hand over m·log₂ m heads at most where peers are many', () => {
    const heads = (peers: number): number =>
      finalSteps(peers).reduce((sum, { graph }) => sum + graph.edges.length * (graph.directed ? 1 : 2), 0)
    expect(heads(32)).toBe(160)
    expect(heads(17)).toBe(16 * 4 + 2)
  })

  it('weigh none but those that are heard', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 70 }), peers => {
        for (const { graph, rowOf } of finalSteps(peers)) {
          for (let peer = 0; peer < peers; peer++) {
            expect(rowOf(peer).from.map(({ peer }) => peer)).toEqual(graph.receivesFrom(peer))
          }
        }
      }),
    )
  })
})
