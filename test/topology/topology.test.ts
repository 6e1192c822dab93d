import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../src/errors.js'
import {
  createGraph,
  createTopology,
  createWeightedGraph,
  degrees,
  diameter,
  type Graph,
  graphsOf,
  isConnected,
  isDoublyStochastic,
  isSymmetric,
  mixingMatrix,
  type Topology,
  topologyKinds,
  topologySchema,
} from '../../src/topology/index.js'
import { validate } from '../../src/validation.js'

type Spec = Parameters<(typeof topologySchema)['parse']>[0]

function build(spec: Spec, peers: number, seed = 1): Topology {
  return createTopology(validate(topologySchema, spec, 'run.yaml', 'TOPOLOGY'), peers, seed)
}

const drawnKinds = ['random-regular', 'erdos-renyi', 'watts-strogatz'] as const
const named = topologyKinds.filter(kind => kind !== 'edges')
/** Kinds whose graphs never repeat. */
const anew = ['random-pairs', 'epidemic', 'one-peer-equitopo'] as const
const sizesOf = (kind: string, sizes: readonly number[]): readonly number[] =>
  kind === 'one-peer-hypercube' ? [2, 8, 16] : sizes

describe('every kind', () => {
  it.each(named)('%s connects every peer with every other', kind => {
    for (const peers of sizesOf(kind, [6, 8, 12, 20])) {
      const topology = build(kind, peers)
      expect(topology.name).toBe(kind)
      expect(topology.peers).toBe(peers)
      expect(isConnected(topology.union)).toBe(true)
    }
  })

  it.each(named)('P1 %s has a mixing matrix that keeps the mean', kind => {
    fc.assert(
      fc.property(fc.constantFrom(...sizesOf(kind, [6, 8, 9, 12, 15, 25])), fc.nat(), (peers, seed) => {
        const topology = build(kind, peers, seed)
        for (const graph of graphsOf(topology)) {
          expect(isDoublyStochastic(mixingMatrix(graph, topology.weights))).toBe(true)
        }
      }),
      { numRuns: 20 },
    )
  })

  it.each(named)('%s lists the same edges from both ends, sorted and without loops', kind => {
    const [peers] = sizesOf(kind, [12]) as [number]
    const topology = build(kind, peers)
    for (const graph of graphsOf(topology)) {
      const fromLists = Array.from({ length: peers }, (_, to) => graph.receivesFrom(to).map(from => [from, to])).flat()
      for (const [from, to] of fromLists) {
        expect(from).not.toBe(to)
        expect(graph.sendsTo(from!)).toContain(to)
      }
      for (let peer = 0; peer < peers; peer++) {
        expect(graph.receivesFrom(peer)).toEqual([...graph.receivesFrom(peer)].sort((a, b) => a - b))
        expect(graph.sendsTo(peer)).toEqual([...graph.sendsTo(peer)].sort((a, b) => a - b))
      }
      expect(fromLists).toHaveLength(graph.edges.length * (graph.directed ? 1 : 2))
    }
  })

  it.each(named)('%s works for a single peer, which then has no neighbours', kind => {
    expect(build(kind, 1).graphAt(0).edges).toEqual([])
  })
})

describe('regular graphs', () => {
  it('have the diameters and degrees they should', () => {
    const expected: [string, number, number, number[]][] = [
      ['ring', 16, 8, new Array(16).fill(2)],
      ['line', 4, 3, [1, 2, 2, 1]],
      ['star', 5, 2, [4, 1, 1, 1, 1]],
      ['tree', 8, 5, [2, 3, 3, 2, 1, 1, 1, 1]],
      ['full', 5, 1, [4, 4, 4, 4, 4]],
      ['grid', 6, 3, [2, 3, 2, 2, 3, 2]],
      ['torus', 16, 4, new Array(16).fill(4)],
      ['exponential', 16, 4, new Array(16).fill(4)],
    ]
    for (const [kind, peers, hops, degree] of expected) {
      const graph = build(kind, peers).graphAt(0)
      expect(diameter(graph), kind).toBe(hops)
      expect(degrees(graph), kind).toEqual(degree)
    }
  })

  it('do without double edges when there are few peers', () => {
    expect(build('ring', 2).graphAt(0).edges).toEqual([[0, 1]])
    expect(degrees(build({ kind: 'torus', rows: 2 }, 8).graphAt(0))).toEqual(new Array(8).fill(3))
    expect(build('exponential', 2).graphAt(0).edges).toEqual([
      [0, 1],
      [1, 0],
    ])
  })

  it('make a grid as square as can be, or with the rows asked for', () => {
    expect(build('grid', 12).arrangement).toEqual({ rows: 3, columns: 4 })
    expect(build({ kind: 'grid', rows: 2 }, 12).arrangement).toEqual({ rows: 2, columns: 6 })
    expect(build({ kind: 'grid', rows: 1 }, 7).graphAt(0).edges).toEqual(build('line', 7).graphAt(0).edges)
  })

  it('send along the arrows: exponential to 1, 2, 4, … places on', () => {
    const graph = build('exponential', 12).graphAt(0)
    expect(graph.sendsTo(3)).toEqual([4, 5, 7, 11])
    expect(graph.receivesFrom(3)).toEqual([1, 2, 7, 11])
    const topology = build('one-peer-exponential', 12)
    expect([0, 1, 2, 3, 4].map(round => topology.graphAt(round).sendsTo(3))).toEqual([[4], [5], [7], [11], [4]])
    expect(topology.graphAt(3).receivesFrom(3)).toEqual([7])
  })
})

describe('drawn graphs', () => {
  it.each(drawnKinds)('%s is the same for the same seed and another for another', kind => {
    const edges = (seed: number): unknown => build(kind, 20, seed).graphAt(0).edges
    expect(edges(7)).toEqual(edges(7))
    expect(edges(7)).not.toEqual(edges(8))
  })

  it('random-regular gives everyone its degree, for every degree there can be', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 24 }), fc.nat(), fc.nat(), (peers, pick, seed) => {
        const degree = 2 + (pick % (peers - 2))
        fc.pre((peers * degree) % 2 === 0)
        const graph = build({ kind: 'random-regular', degree }, peers, seed).graphAt(0)
        expect(degrees(graph)).toEqual(new Array(peers).fill(degree))
        expect(isConnected(graph)).toBe(true)
      }),
    )
  })

  it('erdos-renyi has about as many edges as its probability says', () => {
    const { edges } = build({ kind: 'erdos-renyi', probability: 0.3 }, 100).graphAt(0)
    // 4950 pairs: mean 1485, standard deviation 32.
    expect(Math.abs(edges.length - 1485)).toBeLessThan(130)
  })

  it('watts-strogatz keeps the number of edges, and all of them without rewiring', () => {
    expect(build({ kind: 'watts-strogatz', rewire: 1 }, 30).graphAt(0).edges).toHaveLength(60)
    const lattice = build({ kind: 'watts-strogatz', rewire: 0 }, 30).graphAt(0)
    expect(lattice.sendsTo(0)).toEqual([1, 2, 28, 29])
  })
})

describe('graphs that change', () => {
  it('one-peer-hypercube: who differ in one bit meet, bit after bit', () => {
    const topology = build('one-peer-hypercube', 8)
    expect([0, 1, 2, 3].map(round => topology.graphAt(round).sendsTo(5))).toEqual([[4], [7], [1], [4]])
  })

  it('P12 base-k: round 3 of five peers, one neighbour each, has one edge of weight 0.8', () => {
    const topology = build('base-k', 5)
    const graph = topology.graphAt(2)
    expect(topology.period).toBe(5)
    expect(graph.edges).toEqual([[0, 4]])
    expect(graph.weightOf!(0, 4)).toBe(0.8)
    expect(mixingMatrix(graph, 'own')[4]).toEqual({ self: expect.closeTo(0.2, 15), from: [{ peer: 0, weight: 0.8 }] })
  })

  it.each(anew)('%s is the same in the same round for the same seed, and else another', kind => {
    const topology = build(kind, 20, 7)
    expect(topology.period).toBe(Number.POSITIVE_INFINITY)
    const again = build(kind, 20, 7)
    // Far apart, and asked for out of order: what was drawn before must not matter.
    const late = again.graphAt(1_000_003).edges
    expect(again.graphAt(2).edges).toEqual(topology.graphAt(2).edges)
    expect(topology.graphAt(1_000_003).edges).toEqual(late)
    const distinct = new Set([0, 1, 2, 3, 4].map(round => JSON.stringify(topology.graphAt(round).edges)))
    expect(distinct.size).toBe(5)
    expect(build(kind, 20, 8).graphAt(0).edges).not.toEqual(topology.graphAt(0).edges)
  })

  it.each(anew)('%s holds a few graphs, not one for each round', kind => {
    const topology = build(kind, 6)
    const first = topology.graphAt(0)
    expect(topology.graphAt(0)).toBe(first)
    for (let round = 1; round < 100; round++) topology.graphAt(round)
    expect(topology.graphAt(0)).not.toBe(first)
    expect(topology.graphAt(0).edges).toEqual(first.edges)
  })

  it('random-pairs: everybody has one, but the odd one out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.nat(9), (peers, seed, round) => {
        const sends = degrees(build('random-pairs', peers, seed).graphAt(round))
        expect(sends.filter(degree => degree === 1)).toHaveLength(peers - (peers % 2))
        expect(Math.max(...sends)).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('random-pairs: each pair is as likely as any other', () => {
    const topology = build('random-pairs', 6)
    const met = new Map<string, number>()
    for (let round = 0; round < 3000; round++) {
      for (const edge of topology.graphAt(round).edges) met.set(edge.join(), (met.get(edge.join()) ?? 0) + 1)
    }
    expect(met.size).toBe(15)
    // 600 each, standard deviation 22.
    for (const count of met.values()) expect(Math.abs(count - 600)).toBeLessThan(110)
  })

  it('epidemic with an oracle: all have as many neighbours, one fewer at most where that cannot be', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 35 }), fc.nat(), (peers, degree, seed) => {
        const sends = degrees(build({ kind: 'epidemic', degree }, peers, seed).graphAt(3))
        const most = Math.min(degree, peers - 1)
        const isOdd = (peers * most) % 2 === 1
        expect(sends.filter(one => one === most)).toHaveLength(isOdd ? peers - 1 : peers)
        if (isOdd) expect(Math.min(...sends)).toBe(most - 1)
      }),
    )
  })

  it('epidemic without an oracle: each sends to as many, none hears more than three times as many', () => {
    const heard: number[] = []
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 4 }), fc.nat(), (peers, degree, seed) => {
        const graph = build({ kind: 'epidemic', draws: 'local', degree }, peers, seed).graphAt(1)
        const hears = Array.from({ length: peers }, (_, peer) => graph.receivesFrom(peer).length)
        heard.push(Math.max(...hears) / degree)
        expect(graph.directed).toBe(true)
        expect(Math.max(...hears)).toBeLessThanOrEqual(3 * degree)
        expect(Math.max(...degrees(graph))).toBeLessThanOrEqual(Math.min(degree, peers - 1))
        if (Math.max(...hears) < 3 * degree) {
          expect(degrees(graph)).toEqual(new Array(peers).fill(Math.min(degree, peers - 1)))
        }
      }),
    )
    expect(Math.max(...heard)).toBe(3)
  })

  it('equitopo: circles whose weights are those of the paper, both ways their mean', () => {
    const oneWay = build({ kind: 'equitopo', offsets: 3, directed: true }, 10).graphAt(0)
    const both = build({ kind: 'equitopo', offsets: 3 }, 10).graphAt(0)
    for (const row of mixingMatrix(oneWay, 'own')) {
      expect(row.self).toBeCloseTo(0.1, 12)
      // Each of the three offsets adds 9/(10·3).
      for (const { weight } of row.from) expect(Math.round((weight / 0.3) * 1e9) % 1e9).toBe(0)
    }
    const matrix = mixingMatrix(both, 'own')
    expect(isSymmetric(matrix)).toBe(true)
    for (const row of matrix) expect(row.self).toBeCloseTo(0.1, 12)
  })

  it('one-peer-equitopo: θ(m − 1)/m along one offset, or among pairs that are that far apart', () => {
    const oneWay = build({ kind: 'one-peer-equitopo', directed: true }, 9).graphAt(4)
    expect(degrees(oneWay)).toEqual(new Array(9).fill(1))
    const offsets = new Set(oneWay.edges.map(([from, to]) => (to - from + 9) % 9))
    expect(offsets.size).toBe(1)
    for (const row of mixingMatrix(oneWay, 'own')) expect(row.from[0]!.weight).toBeCloseTo(4 / 9, 12)
    const pairs = build({ kind: 'one-peer-equitopo', theta: 0.25 }, 9).graphAt(4)
    expect(Math.max(...degrees(pairs))).toBe(1)
    expect(new Set(pairs.edges.map(([a, b]) => Math.min(b - a, 9 - (b - a)))).size).toBe(1)
    expect(pairs.weightOf!(...(pairs.edges[0] as [number, number]))).toBeCloseTo(2 / 9, 12)
  })

  it('one-peer-equitopo: one round shrinks the disagreement by about half, as expected with θ = ½', () => {
    const topology = build({ kind: 'one-peer-equitopo', directed: true }, 64)
    const [c, e] = [0.5 + 0.5 / 64, (0.5 * 63) / 64]
    const expected = c * c + e * e - (2 * c * e) / 63
    // A unit vector with sum 0: its squared length after one round, over many rounds.
    const wave = Array.from({ length: 64 }, (_, peer) => Math.cos((2 * Math.PI * peer) / 64) / Math.sqrt(32))
    const lengths = Array.from({ length: 2000 }, (_, round) => {
      const matrix = mixingMatrix(topology.graphAt(round), 'own')
      return matrix.reduce((sum, { self, from }, peer) => {
        const value = from.reduce((total, other) => total + other.weight * wave[other.peer]!, self * wave[peer]!)
        return sum + value * value
      }, 0)
    })
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
    expect(Math.abs(mean - expected)).toBeLessThan(0.03)
  })

  it('union has every edge that a round may have', () => {
    for (const kind of [...anew, 'base-k', { kind: 'epidemic', draws: 'local' }] as Spec[]) {
      const topology = build(kind, 7)
      const all = new Set(topology.union.edges.map(edge => edge.join()))
      const isIn = (graph: Graph): boolean => graph.edges.every(edge => all.has(edge.join()))
      expect(graphsOf(topology, 30).every(isIn)).toBe(true)
      expect(topology.union.directed).toBe(topology.directed)
    }
  })
})

describe('mixing matrix', () => {
  /** A connected graph: a random tree and some more edges. */
  const graphs = fc
    .tuple(
      fc.integer({ min: 2, max: 20 }),
      fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 40 }),
      fc.infiniteStream(fc.nat()),
    )
    .map(([peers, extra, parents]) => {
      const tree = Array.from({ length: peers - 1 }, (_, i) => [parents.next().value! % (i + 1), i + 1] as const)
      return createGraph(peers, [...tree, ...extra.map(([a, b]) => [a % peers, b % peers] as const)])
    })

  it('P1 Metropolis-Hastings is symmetric and doubly stochastic on every undirected graph, with positive weights', () => {
    fc.assert(
      fc.property(graphs, graph => {
        const matrix = mixingMatrix(graph, 'metropolis-hastings')
        expect(isDoublyStochastic(matrix)).toBe(true)
        expect(isSymmetric(matrix)).toBe(true)
        for (const row of matrix) {
          expect(row.self).toBeGreaterThan(0)
          for (const { weight } of row.from) expect(weight).toBeGreaterThan(0)
        }
      }),
    )
  })

  it('P1 rows of uniform weights sum to 1 on every graph; doubly stochastic only if all degrees are equal', () => {
    fc.assert(
      fc.property(graphs, graph => {
        const matrix = mixingMatrix(graph, 'uniform')
        for (const { self, from } of matrix) {
          expect(from.reduce((sum, { weight }) => sum + weight, self)).toBeCloseTo(1, 12)
        }
        const regular = new Set(degrees(graph)).size === 1
        if (regular) expect(isDoublyStochastic(matrix)).toBe(true)
      }),
    )
    expect(isDoublyStochastic(mixingMatrix(build('star', 5).graphAt(0), 'uniform'))).toBe(false)
    expect(isSymmetric(mixingMatrix(build('star', 5).graphAt(0), 'uniform'))).toBe(false)
  })

  it('gives the weights computed by hand', () => {
    const [hub, leaf] = mixingMatrix(build('star', 4).graphAt(0), 'metropolis-hastings')
    expect(hub).toEqual({ self: 0.25, from: [1, 2, 3].map(peer => ({ peer, weight: 0.25 })) })
    expect(leaf!.self).toBeCloseTo(0.75, 15)
    expect(leaf!.from).toEqual([{ peer: 0, weight: 0.25 }])
  })

  it('gives exactly equal weights, self included, where all have equally many neighbours', () => {
    for (const peers of [3, 7, 10, 49]) {
      for (const row of mixingMatrix(build('full', peers).graphAt(0), 'metropolis-hastings')) {
        expect(new Set([row.self, ...row.from.map(({ weight }) => weight)])).toEqual(new Set([1 / peers]))
      }
    }
  })

  it('refuses Metropolis-Hastings on arrows', () => {
    expect(() => mixingMatrix(build('exponential', 8).graphAt(0), 'metropolis-hastings')).toThrow(RangeError)
  })
})

describe('weights of a graph', () => {
  it('add up where an edge is there several times, and are the same from both ends', () => {
    const both = createWeightedGraph(3, [
      [0, 1, 0.25],
      [1, 0, 0.25],
      [1, 2, 0.125],
    ])
    expect(mixingMatrix(both, 'own')).toEqual([
      { self: 0.5, from: [{ peer: 1, weight: 0.5 }] },
      {
        self: 0.375,
        from: [
          { peer: 0, weight: 0.5 },
          { peer: 2, weight: 0.125 },
        ],
      },
      { self: 0.875, from: [{ peer: 1, weight: 0.125 }] },
    ])
    const oneWay = createWeightedGraph(2, [[0, 1, 0.25]], true)
    expect(mixingMatrix(oneWay, 'own')).toEqual([
      { self: 1, from: [] },
      { self: 0.75, from: [{ peer: 0, weight: 0.25 }] },
    ])
  })

  it('are refused of a graph that has none', () => {
    expect(() => mixingMatrix(build('ring', 4).graphAt(0), 'own')).toThrow(RangeError)
  })
})

describe('graphs in pieces', () => {
  it('have an infinite diameter', () => {
    expect(diameter(createGraph(3, [[0, 1]]))).toBe(Number.POSITIVE_INFINITY)
    expect(isConnected(createGraph(3, [[0, 1]]))).toBe(false)
    const oneWay = createGraph(2, [[0, 1]], true)
    expect(isConnected(oneWay)).toBe(false)
  })
})

describe('defaults', () => {
  it('fills in options and weights', () => {
    expect(topologySchema.parse('random-regular')).toEqual({
      kind: 'random-regular',
      degree: 4,
      weights: 'metropolis-hastings',
    })
    expect(topologySchema.parse('one-peer-exponential')).toEqual({ kind: 'one-peer-exponential', weights: 'uniform' })
    expect(topologySchema.parse({ kind: 'ring', weights: 'uniform' })).toEqual({ kind: 'ring', weights: 'uniform' })
  })
})

describe('mistakes', () => {
  const mistakes: [what: string, spec: unknown, peers: number, message: RegExp][] = [
    [
      'a misspelt name',
      'rnig',
      8,
      /^run\.yaml: kind: "rnig" is not allowed; must be one of ring, .*; did you mean "ring"\?$/,
    ],
    [
      'a name like none',
      'banana',
      8,
      /"banana" is not allowed; must be one of ring, line, .*one-peer-equitopo, edges$/,
    ],
    ['no name', {}, 8, /kind: is missing; must be one of ring/],
    ['a name that is no text', { kind: 3 }, 8, /3 is not allowed; must be one of/],
    ['an endless name', 'r'.repeat(100_000), 8, /is not allowed; must be one of/],
    ['a number', 7, 8, /mapping/],
    ['an unknown option', { kind: 'ring', degree: 3 }, 8, /unknown field "degree"/],
    ['unknown weights', { kind: 'ring', weights: 'lazy' }, 8, /weights: .*one of metropolis-hastings, uniform/],
    [
      'symmetric weights for arrows',
      { kind: 'exponential', weights: 'metropolis-hastings' },
      8,
      /weights: metropolis-hastings needs edges that go both ways; use uniform/,
    ],
    ['a prime grid', 'grid', 7, /^topology grid: 7 is a prime number.*use 6 or 8 peers/],
    ['a prime torus', 'torus', 13, /^topology torus: 13 is a prime/],
    ['a hypercube of six', 'one-peer-hypercube', 6, /hypercube: 6 peers are no power of two; use 4 or 8, or base-k/],
    ['rows that do not divide', { kind: 'grid', rows: 5 }, 12, /rows: 12 peers do not fill 5 rows.*1, 2, 3, 4, 6, 12/],
    ['too high a degree', { kind: 'random-regular', degree: 8 }, 8, /degree: 8 peers have at most 7 neighbours, not 8/],
    ['an odd sum of degrees', { kind: 'random-regular', degree: 3 }, 9, /9 peers cannot have 3 .*both are odd/],
    ['pairs', { kind: 'random-regular', degree: 1 }, 8, /peers fall into pairs; use 2 or more/],
    ['too low a probability', { kind: 'erdos-renyi', probability: 1e-6 }, 8, /no connected graph among 100 drawn/],
    ['a probability above 1', { kind: 'erdos-renyi', probability: 2 }, 8, /probability: must be at most 1/],
    ['odd neighbours', { kind: 'watts-strogatz', neighbours: 3 }, 8, /neighbours: must be even/],
    ['too many neighbours', { kind: 'watts-strogatz', neighbours: 8 }, 8, /neighbours: 8 peers have at most 7/],
    ['no edges', { kind: 'edges', edges: [] }, 2, /edges: must be at least 1 entry/],
    [
      'too many edges',
      { kind: 'edges', edges: new Array(16_385).fill([0, 1]) },
      2,
      /edges: must be at most 16384 entries/,
    ],
    [
      'an edge to nobody',
      {
        kind: 'edges',
        edges: [
          [0, 1],
          [1, 5],
        ],
      },
      3,
      /edges\.1: \[1, 5\] names a peer that is not there; they are 0 to 2/,
    ],
    [
      'a loop',
      {
        kind: 'edges',
        edges: [
          [0, 1],
          [1, 1],
        ],
      },
      2,
      /edges\.1: \[1, 1\] joins a peer to itself/,
    ],
    [
      'an edge twice',
      {
        kind: 'edges',
        edges: [
          [0, 1],
          [1, 0],
        ],
      },
      2,
      /edges\.1: \[1, 0\] is there twice/,
    ],
    ['one peer left out', { kind: 'edges', edges: [[0, 1]] }, 3, /no way leads from peer 0 to peer 2; add an edge/],
    [
      'pieces',
      {
        kind: 'edges',
        edges: [
          [0, 1],
          [2, 3],
        ],
      },
      4,
      /no way leads from peer 0 to peers 2, 3/,
    ],
    ['no peers', 'ring', 0, /peers must be a whole number from 1 to 1024/],
    ['half a peer', 'ring', 2.5, /peers must be a whole number/],
    ['more peers than anyone has', 'full', 1025, /peers must be a whole number from 1 to 1024/],
  ]

  it.each(mistakes)('%s is answered with one line', (_, spec, peers, message) => {
    let error: unknown
    try {
      build(spec as Spec, peers)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(HearsayError)
    expect(error).toMatchObject({ code: 'TOPOLOGY', message: expect.stringMatching(message) })
    expect((error as Error).message).not.toContain('\n')
  })
})
