import fc from 'fast-check'
import { EigenvalueDecomposition, type Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import {
  contraction,
  createTopology,
  degrees,
  graphsOf,
  type MixingRow,
  mixingMatrix,
  mixingProduct,
  spectralGap,
  type Topology,
  topologySchema,
} from '../../src/topology/index.js'

function build(kind: Parameters<(typeof topologySchema)['parse']>[0], peers: number): Topology {
  return createTopology(topologySchema.parse(kind), peers, 1)
}

function matricesOf(topology: Topology): (readonly MixingRow[])[] {
  return graphsOf(topology).map(graph => mixingMatrix(graph, topology.weights))
}

function cycle(kind: string, peers: number): Matrix {
  return mixingProduct(matricesOf(build(kind, peers)))
}

/** ALGORITHMS.md 8.3. */
const table: [peers: number, kind: string, lambda: number, fourth: number][] = [
  [4, 'line', 0.80474, 0.41939],
  [8, 'star', 0.875, 0.58618],
  [16, 'ring', 0.94925, 0.81195],
  [16, 'grid', 0.86864, 0.56933],
  [16, 'torus', 0.6, 0.1296],
  [16, 'exponential', 0.6, 0.1296],
  [64, 'ring', 0.99679, 0.98722],
  [64, 'grid', 0.9677, 0.87694],
  [64, 'torus', 0.88284, 0.60748],
  [64, 'exponential', 0.71429, 0.26031],
  [100, 'ring', 0.99868, 0.99475],
  [100, 'grid', 0.97947, 0.92037],
  [100, 'torus', 0.92361, 0.72769],
  [100, 'exponential', 0.75, 0.31641],
]

describe('spectral gap', () => {
  it.each(table)('λ and λ⁴ of %i peers, %s, are those of ALGORITHMS.md 8.3', (peers, kind, lambda, fourth) => {
    const found = spectralGap(build(kind, peers))
    expect(Math.abs(found.lambda - lambda)).toBeLessThan(1e-5)
    expect(Math.abs(found.lambda ** 4 - fourth)).toBeLessThan(1e-5)
    expect(found.gap).toBe(1 - found.lambda)
  })

  it.each([3, 4, 5, 7, 16, 33, 64])('λ of a ring of %i peers is (1 + 2cos(2π/m))/3', peers => {
    const closed = Math.max((1 + 2 * Math.cos((2 * Math.PI) / peers)) / 3, peers % 2 === 0 ? 1 / 3 : 0)
    expect(spectralGap(build('ring', peers)).lambda).toBeCloseTo(closed, 12)
  })

  it.each([4, 6, 16, 64])('the smallest eigenvalue of an even ring of %i is −1/3', peers => {
    const { realEigenvalues } = new EigenvalueDecomposition(cycle('ring', peers), { assumeSymmetric: true })
    expect(Math.min(...realEigenvalues)).toBeCloseTo(-1 / 3, 12)
  })

  it('is 0 where one step averages exactly, and for one peer', () => {
    expect(spectralGap(build('full', 12)).lambda).toBe(0)
    expect(spectralGap(build('ring', 1)).lambda).toBe(0)
    expect(spectralGap(build('ring', 2)).lambda).toBe(0)
  })

  it('is 0, not the root of a rounding error, over a cycle that averages exactly', () => {
    const rounded = [3, 6, 7, 11, 49].map(peers => {
      const matrix = mixingMatrix(build('full', peers).graphAt(0), 'uniform')
      expect(contraction([matrix, matrix, matrix, matrix])).toBe(0)
      return mixingProduct([matrix, matrix, matrix, matrix])
        .sub(1 / peers)
        .abs()
        .max()
    })
    expect(Math.max(...rounded)).toBeGreaterThan(0)
  })

  it('takes other weights than those of the topology', () => {
    // A star of m peers with uniform weights is not symmetric; its largest singular value is above 1.
    expect(spectralGap(build('star', 8), 'uniform').lambda).toBeGreaterThan(1)
  })

  it.each([
    ['ring', 12],
    ['full', 9],
    ['exponential', 11],
    ['one-peer-exponential', 6],
    ['one-peer-exponential', 11],
  ] as const)('does not depend on how the peers of a %s graph of %i are numbered', (kind, peers) => {
    const matrices = matricesOf(build(kind, peers))
    // With two of them exchanged no row is the one before it moved on: it takes the road for any matrix.
    const number = (peer: number): number => (peer === 1 ? 2 : peer === 2 ? 1 : peer)
    const renumbered = matrices.map(matrix =>
      matrix.map((_, place) => {
        const { self, from } = matrix[number(place)]!
        return { self, from: from.map(({ peer, weight }) => ({ peer: number(peer), weight })) }
      }),
    )
    expect(contraction(renumbered)).toBeCloseTo(contraction(matrices), 12)
  })

  it('agrees between the symmetric road and the one for any matrix', () => {
    const matrix = mixingMatrix(build('grid', 12).graphAt(0), 'metropolis-hastings')
    // For a symmetric W, (λ of W·W)^(1/2) is λ of W; the product goes through the singular values.
    expect(contraction([matrix, matrix])).toBeCloseTo(contraction([matrix]), 10)
  })
})

describe('time-varying', () => {
  it.each([2, 8, 16, 32])('P12 one-peer exponential averages %i peers exactly in one cycle', peers => {
    const product = cycle('one-peer-exponential', peers)
    expect(
      product
        .sub(1 / peers)
        .abs()
        .max(),
    ).toBeLessThan(1e-15)
    expect(spectralGap(build('one-peer-exponential', peers)).lambda).toBe(0)
  })

  it.each([
    [6, 0.0833],
    [12, 0.0417],
    [25, 0.0225],
  ])('P12 one-peer exponential leaves %i peers max|P − 1/m| = %f after one cycle', (peers, left) => {
    expect(
      cycle('one-peer-exponential', peers)
        .sub(1 / peers)
        .abs()
        .max(),
    ).toBeCloseTo(left, 4)
  })

  it.each([2, 8, 64])('P12 one-peer hypercube averages %i peers exactly in one cycle', peers => {
    expect(spectralGap(build('one-peer-hypercube', peers)).lambda).toBe(0)
  })

  const sizes = [3, 5, 6, 7, 10, 12, 16, 25, 33, 64]
  it.each([
    [1, [3, 5, 4, 5, 6, 5, 4, 9, 11, 6]],
    [2, [1, 3, 2, 4, 4, 3, 4, 6, 6, 6]],
    [3, [1, 3, 2, 3, 4, 2, 2, 5, 5, 3]],
  ])('base-k with %i neighbours has the rounds a cycle of ALGORITHMS.md 8.3', (degree, periods) => {
    expect(sizes.map(peers => build({ kind: 'base-k', degree }, peers).period)).toEqual(periods)
  })

  it('P12 base-k averages any number of peers exactly in one cycle, each with k neighbours at most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 80 }), fc.integer({ min: 1, max: 90 }), (peers, degree) => {
        const topology = build({ kind: 'base-k', degree }, peers)
        expect(Math.max(...graphsOf(topology).flatMap(degrees))).toBeLessThanOrEqual(degree)
        const product = mixingProduct(matricesOf(topology))
        const off = product.sub(1 / peers).abs()
        expect(off.max()).toBeLessThan(1e-13)
        expect(spectralGap(topology).lambda).toBe(0)
      }),
    )
  })

  it.each([1, 2, 3])(
    'ends where a cycle of base-k:%i leaves mere rounding, of which a decomposition may not',
    degree => {
      for (const peers of [97, 100, 130]) expect(spectralGap(build({ kind: 'base-k', degree }, peers)).lambda).toBe(0)
    },
  )

  it('ends on such rounding beside a disagreement, and finds that', () => {
    // A cycle that averages 100 exactly, and beside it two that meet halfway: 0.9 and 0.1.
    const rounds = matricesOf(build('base-k', 100)).map((matrix): MixingRow[] => [
      ...matrix,
      { self: 0.9, from: [{ peer: 101, weight: 0.1 }] },
      { self: 0.9, from: [{ peer: 100, weight: 0.1 }] },
    ])
    // The two groups never hear each other, so that the largest is 1.
    expect(contraction(rounds)).toBeCloseTo(1, 12)
  })

  it('of graphs that never repeat, λ is that of the first 16 rounds', () => {
    const topology = build('random-pairs', 10)
    const matrices = Array.from({ length: 16 }, (_, round) => mixingMatrix(topology.graphAt(round), topology.weights))
    expect(spectralGap(topology).lambda).toBe(contraction(matrices))
    expect(spectralGap(topology).lambda).toBeGreaterThan(0.5)
  })

  it('has a period of ⌈log₂ m⌉ and repeats', () => {
    for (const [peers, period] of [
      [1, 1],
      [2, 1],
      [3, 2],
      [8, 3],
      [9, 4],
      [100, 7],
    ] as const) {
      const topology = build('one-peer-exponential', peers)
      expect(topology.period).toBe(period)
      expect(topology.graphAt(period + 1)).toBe(topology.graphAt(1 % period))
    }
  })

  it('multiplies in the order of the rounds: the last round stands on the left', () => {
    const first = [
      { self: 0.5, from: [{ peer: 1, weight: 0.5 }] },
      { self: 1, from: [] },
    ]
    const second = [
      { self: 1, from: [] },
      { self: 0.25, from: [{ peer: 0, weight: 0.75 }] },
    ]
    const dense = (matrix: typeof first): Matrix => mixingProduct([matrix])
    expect(mixingProduct([first, second]).to2DArray()).toEqual(dense(second).mmul(dense(first)).to2DArray())
  })
})
