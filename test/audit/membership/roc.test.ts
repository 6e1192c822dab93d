import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { separationOf } from '../../../src/audit/membership/roc.js'
import { random } from '../../../src/random.js'

const scores = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 2, maxLength: 40 })

describe('how well scores tell members from others', () => {
  it('is the share of pairs that are in order, ties counting half', () => {
    fc.assert(
      fc.property(scores, scores, (members, others) => {
        const pairs: number[] = members.flatMap(a => others.map(b => (a > b ? 1 : a === b ? 0.5 : 0)))
        const { auc, interval } = separationOf(members, others)
        expect(auc).toBeCloseTo(pairs.reduce((sum, pair) => sum + pair, 0) / pairs.length, 12)
        expect(interval[0]).toBeLessThanOrEqual(auc)
        expect(interval[1]).toBeGreaterThanOrEqual(auc)
        // Whoever calls members others is as often wrong as this is right.
        expect(separationOf(others, members).auc).toBeCloseTo(1 - auc, 12)
      }),
    )
  })

  it('has the advantage and the finds of the best threshold, finds only where one false alarm is not more than 1 %', () => {
    const many = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 95, maxLength: 230 })
    fc.assert(
      fc.property(scores, fc.oneof(scores, many), (members, others) => {
        const thresholds = [-Infinity, ...members, ...others]
        const share = (all: readonly number[], threshold: number): number =>
          all.filter(score => score > threshold).length / all.length
        const { advantage, found } = separationOf(members, others)
        const gaps = thresholds.map(t => share(members, t) - share(others, t))
        const finds = thresholds.filter(t => share(others, t) <= 0.01).map(t => share(members, t))
        expect(advantage).toBeCloseTo(Math.max(...gaps), 12)
        if (others.length < 100) expect(found).toBeUndefined()
        else expect(found).toBeCloseTo(Math.max(...finds), 12)
      }),
    )
  })

  it('is certain where none overlap, and says so', () => {
    expect(separationOf([3, 4, 5], [0, 1, 2])).toEqual({ auc: 1, interval: [1, 1], advantage: 1 })
    expect(
      separationOf(
        [3, 4, 5],
        Array.from({ length: 100 }, (_, at) => at / 100),
      ).found,
    ).toBe(1)
  })

  it('has an interval that misses the truth in about one of 20 draws', () => {
    const { uniform } = random(1, 'roc')
    const draw = (): Float64Array => Float64Array.from({ length: 60 }, uniform)
    let missed = 0
    for (let trial = 0; trial < 400; trial++) {
      const { interval } = separationOf(draw(), draw())
      if (interval[0] > 0.5 || interval[1] < 0.5) missed += 1
    }
    expect(missed / 400).toBeGreaterThan(0.02)
    expect(missed / 400).toBeLessThan(0.09)
  })
})
