import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../src/errors.js'
import {
  createGraph,
  createTopology,
  degrees,
  diameter,
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

describe('every kind', () => {
  it.each(named)('%s connects every peer with every other', kind => {
    for (const peers of [6, 8, 12, 20]) {
      const topology = build(kind, peers)
      expect(topology.name).toBe(kind)
      expect(topology.peers).toBe(peers)
      expect(isConnected(topology.union)).toBe(true)
    }
  })

  it.each(named)('P1 %s has a mixing matrix that keeps the mean', kind => {
    fc.assert(
      fc.property(fc.constantFrom(6, 8, 9, 12, 15, 25), fc.nat(), (peers, seed) => {
        const topology = build(kind, peers, seed)
        for (let round = 0; round < topology.period; round++) {
          expect(isDoublyStochastic(mixingMatrix(topology.graphAt(round), topology.weights))).toBe(true)
        }
      }),
      { numRuns: 20 },
    )
  })

  it.each(named)('%s lists the same edges from both ends, sorted and without loops', kind => {
    const topology = build(kind, 12)
    for (let round = 0; round < topology.period; round++) {
      const graph = topology.graphAt(round)
      const fromLists = Array.from({ length: 12 }, (_, to) => graph.receivesFrom(to).map(from => [from, to])).flat()
      for (const [from, to] of fromLists) {
        expect(from).not.toBe(to)
        expect(graph.sendsTo(from!)).toContain(to)
      }
      for (let peer = 0; peer < 12; peer++) {
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
      /"banana" is not allowed; must be one of ring, line, .*one-peer-exponential, edges$/,
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
