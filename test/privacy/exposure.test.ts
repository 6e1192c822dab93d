import fc from 'fast-check'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { exposedLimit, exposures, exposuresWithout, type Pairs } from '../../src/privacy/exposure.js'

function ring(peers: number): Pairs {
  return { peers, edges: Array.from({ length: peers }, (_, peer) => [peer, (peer + 1) % peers] as const) }
}

function full(peers: number): Pairs {
  const all = Array.from({ length: peers }, (_, peer) => peer)
  return { peers, edges: all.flatMap(a => all.slice(a + 1).map(b => [a, b] as const)) }
}

/** e₁ of the most exposed peer at C 1 and a deviation of 1. */
const eavesdropped = (pairs: Pairs, pairNoise: number): number =>
  2 * Math.max(...exposuresWithout([], pairs, pairNoise))
const curious = (pairs: Pairs, pairNoise: number): number => 2 * Math.max(...exposures(pairs, pairNoise))

describe('the table of ALGORITHMS-2.md 3.5', () => {
  it.each([
    ['ring of 16', ring(16), 0, 2, 2],
    ['ring of 16', ring(16), 1, 0.894428, 1.236068],
    ['ring of 16', ring(16), 10, 0.150448, 0.211262],
    ['full of 16', full(16), 1, 0.235294, 0.25],
    ['full of 16', full(16), 10, 0.126171, 0.134577],
    ['ring of 4', ring(4), 0, 2, 2],
    ['ring of 4', ring(4), 1, 0.933333, 1.25],
    ['ring of 4', ring(4), 10, 0.506222, 0.677675],
  ])('%s %#, ratio %d', (_name, pairs, pairNoise, outside, inside) => {
    expect(eavesdropped(pairs, pairNoise)).toBeCloseTo(outside, 6)
    expect(curious(pairs, pairNoise)).toBeCloseTo(inside, 6)
  })
})

it('P39 e₁ of a complete graph tends to 2C²/(m·σ²) as the noise of pairs grows', () => {
  for (const peers of [2, 5, 16]) {
    expect(eavesdropped(full(peers), 1e4)).toBeCloseTo(2 / peers, 6)
    // Of a peer that knows its own pairs' noise as if it were not there.
    expect(curious(full(peers), 1e4)).toBeCloseTo(2 / (peers - 1), 6)
  }
})

/** I + ρ²L. */
function noiseOf({ peers, edges }: Pairs, pairNoise: number): Matrix {
  const distinct = new Map(edges.map(([a, b]) => [`${Math.min(a, b)} ${Math.max(a, b)}`, [a, b] as const]))
  const noise = Matrix.eye(peers)
  for (const [a, b] of distinct.values()) {
    const edge = Matrix.zeros(peers, 1)
    edge.set(a, 0, pairNoise)
    edge.set(b, 0, -pairNoise)
    noise.add(edge.mmul(edge.transpose()))
  }
  return noise
}

const graphs = fc.integer({ min: 2, max: 9 }).chain(peers =>
  fc.record({
    peers: fc.constant(peers),
    edges: fc.array(
      fc
        .tuple(fc.nat(peers - 1), fc.nat(peers - 1))
        .filter(([a, b]) => a !== b)
        .map(edge => edge as readonly [number, number]),
      { maxLength: 20 },
    ),
  }),
)

describe('peers that show one key', () => {
  it('are one curious party: to the others, as if neither shared noise', () => {
    fc.assert(
      fc.property(graphs, fc.double({ min: 0, max: 5, noNaN: true }), (pairs, pairNoise) => {
        const [others, all] = [[...Array(pairs.peers).keys()].slice(2), exposures(pairs, pairNoise)]
        const copied = exposures({ ...pairs, parties: [[0, 1], ...others.map(peer => [peer])] }, pairNoise)
        const both = exposuresWithout([0, 1], pairs, pairNoise)
        // A single other may be worse than the two for a peer far from them.
        for (const peer of others) expect(copied[peer]).toBeCloseTo(Math.max(both[peer]!, all[peer]!), 9)
        // Of the two each has the other as any other peer.
        for (const peer of [0, 1]) expect(copied[peer]).toBeCloseTo(all[peer]!, 9)
      }),
    )
  })

  it('cost the others some of what a full graph hides, and not all', () => {
    const pairs = full(5)
    const copied = { ...pairs, parties: [[0], [1, 3], [2], [4]] }
    // Of a full graph of n the exposure is 1/n + (1 − 1/n)/(1 + nρ²).
    const hidden = (n: number) => 1 / n + (1 - 1 / n) / (1 + 9 * n)
    expect(exposures(pairs, 3)).toEqual(Array(5).fill(expect.closeTo(hidden(4), 9)))
    const expected = [3, 4, 3, 4, 3].map(n => expect.closeTo(hidden(n), 9))
    expect(exposures(copied, 3)).toEqual(expected)
  })

  it('may be all: each is then hidden by its own noise', () => {
    expect(exposures({ ...ring(4), parties: [[0, 1, 2, 3]] }, 3)).toEqual(Array(4).fill(expect.closeTo(1, 12)))
  })
})

describe('a peer of any graph', () => {
  it('is at most as exposed as its own noise leaves it, and at least as its part of the graph does', () => {
    fc.assert(
      fc.property(graphs, fc.double({ min: 0, max: 20, noNaN: true }), (pairs, pairNoise) => {
        for (const exposure of exposures(pairs, pairNoise)) {
          expect(exposure).toBeLessThanOrEqual(1 + 1e-9)
          expect(exposure).toBeGreaterThanOrEqual(1 / pairs.peers - 1e-9)
        }
      }),
    )
  })

  it('is no more exposed where another releases nothing, and the noise shared with it stays', () => {
    fc.assert(
      fc.property(graphs, fc.double({ min: 0, max: 5, noNaN: true }), (pairs, pairNoise) => {
        const counted = exposuresWithout([], pairs, pairNoise)
        const left = inverse(noiseOf(pairs, pairNoise).subMatrix(1, pairs.peers - 1, 1, pairs.peers - 1)).diagonal()
        for (const [at, exposure] of left.entries()) expect(exposure).toBeLessThanOrEqual(counted[at + 1]! + 1e-9)
      }),
    )
  })

  it('counts an edge once, in whichever order', () => {
    const once = { peers: 3, edges: [[0, 1]] as const }
    const often = {
      peers: 3,
      edges: [
        [0, 1],
        [1, 0],
        [0, 1],
      ] as const,
    }
    expect(exposuresWithout([], often, 2)).toEqual(exposuresWithout([], once, 2))
  })
})

it('is not computed of more peers than that takes a moment', () => {
  expect(() => exposures(ring(exposedLimit + 1), 1)).toThrow(RangeError)
  expect(exposures({ peers: 1, edges: [] }, 3)).toEqual([1])
})
