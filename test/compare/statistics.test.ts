import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomNormal } from 'd3-random'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bootstrapInterval, spreadOver } from '../../src/compare/statistics.js'
import { random } from '../../src/random.js'

it('mean and sample standard deviation are of what is known', () => {
  expect(spreadOver([1, null, 3])).toEqual({ mean: 2, deviation: Math.SQRT2 })
  expect(spreadOver([5])).toEqual({ mean: 5, deviation: null })
  expect(spreadOver([null])).toBeNull()
})

describe('the bootstrap interval', () => {
  const { cases } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../fixtures/compare/bootstrap.json'), 'utf8'),
  ) as { cases: { values: number[]; low: number; high: number }[] }

  it.each(cases)('is that of scipy.stats.bootstrap: $values', ({ values, low, high }) => {
    const [foundLow, foundHigh] = bootstrapInterval(values)!
    const width = high - low
    expect(Math.abs(foundLow - low)).toBeLessThan(0.03 * width)
    expect(Math.abs(foundHigh - high)).toBeLessThan(0.03 * width)
  })

  it('of a normal sample is the mean and about 1.96 standard errors to each side', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 40, max: 80 }), (seed, size) => {
        const normal = randomNormal.source(random(seed, 'normal').uniform)(3, 2)
        const values = Array.from({ length: size }, normal)
        const { mean, deviation } = spreadOver(values)!
        const error = (deviation! / Math.sqrt(size)) * Math.sqrt((size - 1) / size)
        const [low, high] = bootstrapInterval(values)!
        // A tenth of a standard error is for the shape of a sample so small, and for the resamples.
        expect(Math.abs(mean - low - 1.96 * error)).toBeLessThan(0.2 * error)
        expect(Math.abs(high - mean - 1.96 * error)).toBeLessThan(0.2 * error)
      }),
      { numRuns: 8 },
    )
  })

  it('is the same every time, none of fewer than three values, and of no width where all are alike', () => {
    expect(bootstrapInterval([1, 2, 4])).toEqual(bootstrapInterval([1, 2, 4]))
    expect(bootstrapInterval([1, 2])).toBeNull()
    expect(bootstrapInterval([2, 2, 2])).toEqual([2, 2])
  })
})
