import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Contribution,
  consensusDistance,
  type DistanceSum,
  localDistance,
  meanOf,
  mix,
  squaredDistances,
} from '../../src/merge/index.js'
import { bits, placed, vectors } from './rounds.js'

/** A distance over all of `length` numbers, in one go. */
function whole(sum: DistanceSum, length: number): number {
  sum.add(0, length)
  return sum.total()
}

/** Numbers at which arithmetic is not smooth. */
const strange = [0, -0, Infinity, -Infinity, NaN, 1e-45, -1e-45, 1.1754942e-38, 3.4028235e38, -3.4028235e38]

const contributed = fc
  .record({
    count: fc.integer({ min: 1, max: 14 }),
    // Some lines, tiles and pieces, and what is left over.
    length: fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(1023, 1024, 1040, 4095, 4096, 4097, 9000)),
    seed: fc.nat(),
    weights: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 14, maxLength: 14 }),
    inside: fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }),
    shifts: fc.array(fc.nat({ max: 20 }), { minLength: 14, maxLength: 14 }),
    strangeness: fc.array(fc.tuple(fc.nat({ max: 13 }), fc.nat({ max: 8999 }), fc.constantFrom(...strange))),
  })
  .map(({ count, length, seed, weights, inside, shifts, strangeness }): Contribution[] => {
    const models = vectors(count, length, seed)
    for (const [peer, at, value] of strangeness) if (peer < count && at < length) models[peer]![at] = value
    return models.map((values, peer) => ({
      peer,
      weight: weights[peer]!,
      values: placed(values, inside[peer]!, shifts[peer]!),
    }))
  })

/** All squared distances to the first vector, as one sum. */
function totalOf([own, ...others]: readonly Float32Array[]): DistanceSum {
  const distances = squaredDistances(own!, others)
  return { add: distances.add, total: () => distances.totals().reduce((sum, square) => sum + square, 0) }
}

/** What the fixed order means: left to right in float64, rounded once. */
function reference(contributions: readonly Contribution[], at: number): number {
  const [first, ...rest] = contributions
  let sum = first!.weight * first!.values[at]!
  for (const { weight, values } of rest) sum += weight * values[at]!
  return Math.fround(sum)
}

describe('mix', () => {
  it('adds up from left to right in float64 and rounds once, to the last bit, for any number of vectors', () => {
    fc.assert(
      fc.property(contributed, fc.boolean(), (contributions, isInside) => {
        const out = placed(new Float32Array(contributions[0]!.values.length), isInside)
        mix(out, contributions)
        expect(bits(out)).toEqual(bits(Float32Array.from(out, (_, at) => reference(contributions, at))))
      }),
    )
  })

  it('in slices gives the bits of the whole and writes nothing else', () => {
    fc.assert(
      fc.property(contributed, fc.array(fc.nat({ max: 9000 })), fc.boolean(), (contributions, cuts, isInside) => {
        const { length } = contributions[0]!.values
        const whole = new Float32Array(length)
        mix(whole, contributions)
        const sliced = placed(new Float32Array(length).fill(7), isInside)
        const ends = [...cuts.filter(cut => cut < length), length].sort((a, b) => a - b)
        let from = 0
        for (const to of ends) {
          mix(sliced, contributions, from, to)
          if (to < length) expect(sliced[to]).toBe(7)
          from = to
        }
        expect(bits(sliced)).toEqual(bits(whole))
      }),
    )
  })

  it('may write over one of its vectors', () => {
    fc.assert(
      fc.property(contributed, fc.nat(), (contributions, which) => {
        const { values } = contributions[which % contributions.length]!
        const expected = new Float32Array(values.length)
        mix(expected, contributions)
        mix(values, contributions)
        expect(bits(values)).toEqual(bits(expected))
      }),
    )
  })

  it('refuses nothing at all, and vectors of different lengths', () => {
    expect(() => mix(new Float32Array(2), [])).toThrow(/nothing to mix/)
    const values = new Float32Array(3)
    expect(() => mix(new Float32Array(2), [{ peer: 4, weight: 1, values }])).toThrow(
      /peer 4's vector has 3 numbers, not 2/,
    )
    expect(() => mix(new Float32Array(3), [{ peer: 4, weight: 1, values }], 0, 4)).toThrow(/not within 3 numbers/)
    expect(() => mix(new Float32Array(3), [{ peer: 4, weight: 1, values }], -1, 3)).toThrow(/not within 3 numbers/)
  })
})

describe('distances', () => {
  const three = [Float32Array.of(0, 0), Float32Array.of(3, 0), Float32Array.of(0, 6)]

  it('consensus distance is that computed by hand', () => {
    const mean = new Float32Array(2)
    meanOf(mean, three)
    expect([...mean]).toEqual([1, 2])
    // (1 + 4) + (4 + 4) + (1 + 16), over three.
    expect(whole(consensusDistance(three, mean), 2)).toBe(10)
    expect(whole(consensusDistance([], mean), 2)).toBe(0)
  })

  it('consensus distance sums in float64: a million small squares are not lost beside a large one', () => {
    const values = new Float32Array(1_000_001).fill(1e-4)
    values[0] = 100
    const sum = consensusDistance([values], new Float32Array(values.length))
    expect(whole(sum, values.length)).toBeCloseTo(1e4 + 1e-2, 5)
  })

  it('local distance weighs what one peer hears', () => {
    const squaresOf = (self: number): Map<number, number> => {
      const distances = squaredDistances(three[self]!, three)
      distances.add(0, 2)
      return new Map(distances.totals().entries())
    }
    const [first, second] = [0, 1].map(squaresOf)
    const row = (...weights: [number, number][]) => ({
      self: 0,
      from: weights.map(([peer, weight]) => ({ peer, weight })),
    })
    expect([...first!.values()]).toEqual([0, 9, 36])
    expect(localDistance(row([1, 0.25], [2, 0.25]), first!)).toBe(11.25)
    // 0.5·9 + 0.25·(9 + 36) seen from peer 1.
    expect(localDistance(row([0, 0.5], [2, 0.25]), second!)).toBe(15.75)
    // Of a neighbour that is not merged nothing counts.
    first!.delete(2)
    expect(localDistance(row([1, 0.25], [2, 0.25]), first!)).toBe(2.25)
  })

  it('mean and distances in slices have the bits of one go', () => {
    fc.assert(
      fc.property(contributed, fc.array(fc.nat({ max: 9000 })), (contributions, cuts) => {
        const models = contributions.map(({ values }) => values)
        const { length } = models[0]!
        const mean = new Float32Array(length)
        meanOf(mean, models)
        const sliced = new Float32Array(length)
        const distances = [() => consensusDistance(models, mean), () => totalOf(models)]
        const inSlices = distances.map(start => start())
        let from = 0
        for (const to of [...cuts.filter(cut => cut < length), length].sort((a, b) => a - b)) {
          meanOf(sliced, models, from, to)
          for (const sum of inSlices) sum.add(from, to)
          from = to
        }
        expect(bits(sliced)).toEqual(bits(mean))
        expect(inSlices.map(sum => sum.total())).toEqual(distances.map(start => whole(start(), length)))
      }),
    )
  })
})
