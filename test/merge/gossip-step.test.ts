import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../src/errors.js'
import {
  accelerated,
  chebyshevContraction,
  chebyshevLambda,
  chebyshevSteps,
  consensusDistance,
  contributions,
  meanOf,
  mix,
} from '../../src/merge/index.js'
import { createTopology, mixingMatrix, spectralGap, topologySchema } from '../../src/topology/index.js'
import { bits, build, chebyshevRound, matrixOf, step, vectors } from './rounds.js'

function mean(models: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(models[0]!.length)
  meanOf(out, models)
  return out
}

function distance(models: readonly Float32Array[]): number {
  const sum = consensusDistance(models, mean(models))
  sum.add(0, models[0]!.length)
  return sum.total()
}

function expectSameMean(after: readonly Float32Array[], before: readonly Float32Array[]): void {
  const [a, b] = [mean(after), mean(before)]
  for (const [at, value] of a.entries()) expect(Math.abs(value - b[at]!)).toBeLessThan(1e-6)
}

const keepsMean = ['ring', 'line', 'star', 'grid', 'full', 'exponential', 'watts-strogatz', 'erdos-renyi']

describe('gossip', () => {
  it.each(keepsMean)('P1 keeps the mean on %s', kind => {
    let models: Float32Array[] = vectors(12, 50)
    const before = models
    const matrix = matrixOf(build(kind, 12))
    for (let q = 0; q < 5; q++) models = step(matrix, models)
    expectSameMean(models, before)
  })

  it.each(keepsMean)('P6 the consensus distance after Q steps on %s is at most λ^{2Q} of that before', kind => {
    const topology = build(kind, 12)
    const { lambda } = spectralGap(topology)
    const matrix = matrixOf(topology)
    let models: Float32Array[] = vectors(12, 200)
    const before = distance(models)
    for (let q = 1; q <= 6; q++) {
      models = step(matrix, models)
      // Float32 leaves each number a rounding of about 6e-8, whatever λ promises.
      expect(distance(models)).toBeLessThanOrEqual(lambda ** (2 * q) * before * (1 + 1e-5) + 200 * 1e-13)
    }
  })

  it('P6 is tight: the slowest wave on a ring shrinks by exactly λ² a step', () => {
    const topology = build('ring', 16)
    const wave = Array.from({ length: 16 }, (_, i) => Float32Array.of(Math.cos((2 * Math.PI * i) / 16)))
    const after = step(matrixOf(topology), wave)
    expect(distance(after) / distance(wave)).toBeCloseTo(spectralGap(topology).lambda ** 2, 6)
  })

  it.each([2, 8, 16, 32])('P12 one-peer exponential: %i peers hold the exact mean after one cycle', peers => {
    const topology = build('one-peer-exponential', peers)
    // Whole numbers, so that every half on the way is a float32 and "exact" means the bits.
    let models: Float32Array[] = vectors(peers, 100).map(model => model.map(value => Math.round(value * 1000)))
    const expected = mean(models)
    for (let round = 0; round < topology.period; round++) {
      models = step(mixingMatrix(topology.graphAt(round), topology.weights), models)
    }
    for (const model of models) expect(bits(model)).toEqual(bits(expected))
  })

  it('P12 one-peer exponential: 12 peers do not', () => {
    const topology = build('one-peer-exponential', 12)
    let models: Float32Array[] = vectors(12, 100)
    for (let round = 0; round < topology.period; round++) {
      models = step(mixingMatrix(topology.graphAt(round), topology.weights), models)
    }
    expect(distance(models)).toBeGreaterThan(1e-3)
  })

  it.each([2, 3, 4, 5, 6, 7, 10, 33])('on the full graph all %i peers get the same bits: those of the mean', peers => {
    const models = vectors(peers, 5000)
    const merged = step(matrixOf(build('full', peers)), models)
    const expected = bits(mean(models))
    for (const model of merged) expect(bits(model)).toEqual(expected)
  })
})

describe('contributions', () => {
  const row = matrixOf(build('full', 5))[2]!
  const models = vectors(5, 300)
  const received = (...peers: number[]): Map<number, Float32Array> => new Map(peers.map(peer => [peer, models[peer]!]))

  it('are sorted with the own vector in its place, whatever the order of arrival', () => {
    const outputs = fc.sample(fc.shuffledSubarray([0, 1, 3, 4], { minLength: 4 }), 10).map(order => {
      const parts = contributions(row, 2, models[2]!, received(...order))
      expect(parts.map(({ peer }) => peer)).toEqual([0, 1, 2, 3, 4])
      const out = new Float32Array(300)
      mix(out, parts)
      return out
    })
    for (const out of outputs) expect(bits(out)).toEqual(bits(outputs[0]!))
  })

  it('P28 an absent neighbour changes nothing but its weight, which returns to oneself', () => {
    fc.assert(
      fc.property(fc.subarray([0, 1, 3, 4], { minLength: 1 }), present => {
        const parts = contributions(row, 2, models[2]!, received(...present))
        expect(parts.map(({ peer }) => peer)).toEqual([...present, 2].sort((a, b) => a - b))
        for (const { peer, weight, values } of parts) {
          expect(values).toBe(models[peer])
          expect(weight).toBeCloseTo(peer === 2 ? (5 - present.length) / 5 : 1 / 5, 14)
        }
        expect(parts.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 14)
      }),
    )
  })

  it('P28 with none present the own model comes out, to the last bit', () => {
    // −0, a subnormal, infinities, and a NaN whose payload arithmetic would change.
    const own = new Float32Array(Uint32Array.of(0x8000_0000, 1, 0x7f80_0000, 0x7fa1_2345, 0x3f80_0001).buffer)
    for (const kind of ['ring', 'grid', 'star', 'full', 'exponential']) {
      for (const [self, each] of matrixOf(build(kind, 12)).entries()) {
        const parts = contributions(each, self, own, new Map())
        expect(parts).toEqual([{ peer: self, weight: 1, values: own }])
        const out = new Float32Array(5)
        mix(out, parts)
        expect(bits(out)).toEqual(bits(own))
      }
    }
  })

  it('P28 with none present the weight is 1 even where the row sums to 1 only up to rounding', () => {
    let unequal = 0
    for (let peers = 2; peers <= 64; peers++) {
      const row = matrixOf(build('full', peers))[0]!
      if (row.from.reduce((sum, { weight }) => sum + weight, row.self) !== 1) unequal++
      expect(contributions(row, 0, models[0]!, new Map())[0]!.weight).toBe(1)
    }
    expect(unequal).toBeGreaterThan(0)
  })

  it('leave out who is no neighbour', () => {
    const ring = matrixOf(build('ring', 5))[2]!
    const parts = contributions(ring, 2, models[2]!, received(0, 1, 3, 4))
    expect(parts.map(({ peer }) => peer)).toEqual([1, 2, 3])
  })
})

describe('Chebyshev gossip', () => {
  /** ALGORITHMS.md 8.3, beside it λ^Q of plain gossip. */
  const table: [peers: number, steps: number, chebyshev: number, plain: number][] = [
    [16, 2, 0.82, 0.901],
    [16, 4, 0.506, 0.812],
    [16, 8, 0.147, 0.659],
    [64, 2, 0.987, 0.994],
    [64, 4, 0.951, 0.987],
    [64, 8, 0.824, 0.975],
    [100, 2, 0.995, 0.997],
    [100, 4, 0.979, 0.995],
    [100, 8, 0.921, 0.99],
  ]

  it.each(table)(
    'on a ring of %i peers, Q = %i leaves %f of the slowest wave (plain: %f)',
    (peers, q, expected, plain) => {
      const topology = build('ring', peers)
      const lambda = chebyshevLambda(topology)
      expect(Math.abs(chebyshevContraction(lambda, q) - expected)).toBeLessThan(0.0005)
      expect(Math.abs(lambda ** q - plain)).toBeLessThan(0.0005)

      const wave = Array.from({ length: peers }, (_, i) => Float32Array.of(Math.cos((2 * Math.PI * i) / peers)))
      const after = chebyshevRound(matrixOf(topology), wave, chebyshevSteps(lambda, q))
      expect(Math.sqrt(distance(after) / distance(wave))).toBeCloseTo(chebyshevContraction(lambda, q), 5)
    },
  )

  it.each(['ring', 'line', 'star', 'grid', 'full', 'watts-strogatz'])(
    'P1 P6 keeps the mean on %s and contracts as promised',
    kind => {
      const topology = build(kind, 12)
      const lambda = chebyshevLambda(topology)
      const models = vectors(12, 200)
      for (let q = 1; q <= 6; q++) {
        const after = chebyshevRound(matrixOf(topology), models, chebyshevSteps(lambda, q))
        expectSameMean(after, models)
        const promised = chebyshevContraction(lambda, q) ** 2 * distance(models)
        expect(distance(after)).toBeLessThanOrEqual(promised * (1 + 1e-5) + 200 * 1e-12)
      }
    },
  )

  it('has the factors of ALGORITHMS.md 3.2', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 0.9999, noNaN: true }), lambda => {
        const t = (q: number): number => Math.cosh(q * Math.acosh(1 / lambda))
        for (const [q, { current, previous }] of chebyshevSteps(lambda, 8).entries()) {
          if (q === 0) continue
          expect(current).toBeCloseTo((2 * t(q)) / (lambda * t(q + 1)), 9)
          expect(previous).toBeCloseTo(t(q - 1) / t(q + 1), 9)
        }
      }),
    )
  })

  it('keeps the mean by its factors: they differ by 1', () => {
    for (const lambda of [0, 1e-300, 1e-9, 0.5, 0.99999]) {
      for (const { current, previous } of chebyshevSteps(lambda, 64)) {
        expect(current - previous).toBeCloseTo(1, 14)
        expect(Number.isFinite(current)).toBe(true)
      }
    }
  })

  it('is plain gossip in its first step, and in all when λ is 0', () => {
    expect(chebyshevSteps(0.9, 1)).toEqual([{ current: 1, previous: 0 }])
    expect(chebyshevSteps(0, 3)).toEqual(new Array(3).fill({ current: 1, previous: 0 }))
    expect(chebyshevContraction(0, 2)).toBe(0)
    const models = vectors(6, 50)
    const matrix = matrixOf(build('full', 6))
    const plain = step(matrix, step(matrix, models))
    const fast = chebyshevRound(matrix, models, chebyshevSteps(0, 2))
    for (const [peer, model] of fast.entries()) expect(bits(model)).toEqual(bits(plain[peer]!))
  })

  it('may write over the vector before last', () => {
    const [own, other, previous] = vectors(3, 100)
    const row = matrixOf(build('ring', 2))[0]!
    const parts = accelerated(
      contributions(row, 0, own!, new Map([[1, other!]])),
      { current: 1.5, previous: 0.5 },
      0,
      previous!,
    )
    const expected = new Float32Array(100)
    mix(expected, parts)
    mix(previous!, parts)
    expect(bits(previous!)).toEqual(bits(expected))
  })

  it('refuses a λ with which nobody ever agrees', () => {
    for (const lambda of [1, 1.2, -0.1, Number.NaN]) expect(() => chebyshevSteps(lambda, 2)).toThrow(RangeError)
  })

  it('is refused in one line where the matrix changes or is not symmetric', () => {
    const refused = (spec: Parameters<(typeof topologySchema)['parse']>[0]): unknown => {
      try {
        return chebyshevLambda(createTopology(topologySchema.parse(spec), 8, 1))
      } catch (error) {
        expect(error).toBeInstanceOf(HearsayError)
        return (error as Error).message
      }
    }
    expect(refused('one-peer-exponential')).toMatch(/^merge\.acceleration: .*changes: use plain$/)
    expect(refused('exponential')).toMatch(/^merge\.acceleration: .*symmetric.*use plain$/)
    expect(refused({ kind: 'star', weights: 'uniform' })).toMatch(/use plain, or weights: metropolis-hastings$/)
    expect(refused('star')).toBeCloseTo(0.875, 10)
  })
})
