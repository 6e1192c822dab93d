import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Gaussian } from '../../../src/gaussian.js'
import { batchShape, poissonBatches, privateStepsOf } from '../../../src/learner/private/poisson.js'
import { secretWords, seededWords, uniformOf, type Words } from '../../../src/random.js'

/** Φ, by its series: to 1e-12 within six deviations. */
function normalShare(x: number): number {
  let [term, sum] = [x, x]
  for (let k = 1; k < 200; k++) {
    term *= (x * x) / (2 * k + 1)
    sum += term
  }
  return 0.5 + (sum * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI)
}

const sources: Readonly<Record<string, () => Words>> = {
  'from a seed': () => seededWords(3, 'test'),
  "from the system's generator": () => secretWords,
}

describe('noise', () => {
  for (const [name, source] of Object.entries(sources)) {
    it(`P37 has the standard deviation that it is asked for, ${name}`, () => {
      const values = new Float32Array(10_000)
      new Gaussian(source()).fill(values, 2.5)
      const squares = values.reduce((sum, x) => sum + x * x, 0)
      expect(Math.abs(Math.sqrt(squares / values.length) / 2.5 - 1)).toBeLessThan(0.03)
    })
  }

  it('is normal, in the tail too', () => {
    const values = new Float32Array(1_000_000)
    new Gaussian(seededWords(1, 'test')).fill(values, 1)
    const sorted = values.slice().sort()
    const apart = sorted.reduce((most, x, k) => {
      const share = Math.abs(x) < 6 ? normalShare(x) : x < 0 ? 0 : 1
      return Math.max(most, Math.abs(share - k / sorted.length), Math.abs(share - (k + 1) / sorted.length))
    }, 0)
    // Kolmogorov and Smirnov: exceeded by one sample in a hundred.
    expect(apart).toBeLessThan(1.63 / Math.sqrt(values.length))
    // Where the rectangles end, and beyond: 258 and 63 are to be expected.
    expect(Math.abs(values.filter(x => Math.abs(x) > 3.6541528853610088).length - 258)).toBeLessThan(60)
    expect(Math.abs(values.filter(x => Math.abs(x) > 4).length - 63)).toBeLessThan(32)
    // Neighbours have nothing to do with each other.
    const together = values.reduce((sum, x, k) => sum + x * (values[k + 1] ?? 0), 0)
    expect(Math.abs(together) / Math.sqrt(values.length)).toBeLessThan(4)
  })

  it('is the same for a seed, however it is asked for', () => {
    const [whole, first, rest] = [new Float32Array(10_000), new Float32Array(3333), new Float32Array(6667)]
    new Gaussian(seededWords(5, 'test', 1)).fill(whole, 1)
    const gaussian = new Gaussian(seededWords(5, 'test', 1))
    gaussian.fill(first, 1)
    gaussian.fill(rest, 1)
    expect([...first, ...rest]).toEqual([...whole])
  })
})

describe('who takes part in a step', () => {
  it('is each with its probability, whoever else does', () => {
    const [size, rate, steps] = [40, 0.3, 20_000]
    const batches = poissonBatches(size, rate, uniformOf(seededWords(2, 'test')))
    const counts = new Float64Array(size)
    const sizes: number[] = []
    let together = 0
    for (let step = 0; step < steps; step++) {
      const batch = batches.next().value
      sizes.push(batch.length)
      for (const sample of batch) counts[sample]! += 1
      if (batch.includes(7) && batch.includes(8)) together += 1
    }
    const deviation = Math.sqrt(steps * rate * (1 - rate))
    for (const count of counts) expect(Math.abs(count - steps * rate)).toBeLessThan(4.5 * deviation)
    expect(Math.abs(together / steps - rate ** 2)).toBeLessThan(4 * Math.sqrt((rate ** 2 * (1 - rate ** 2)) / steps))
    const variance = sizes.reduce((sum, n) => sum + (n - size * rate) ** 2, 0) / steps
    expect(variance / (size * rate * (1 - rate))).toBeCloseTo(1, 1)
  })

  it('is everybody at a rate of 1, and once each', () => {
    const batches = poissonBatches(9, 1, uniformOf(secretWords))
    for (let step = 0; step < 5; step++) expect([...batches.next().value]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('is often nobody at a low rate', () => {
    const batches = poissonBatches(10, 0.01, uniformOf(seededWords(2, 'test')))
    const empty = Array.from({ length: 1000 }, () => batches.next().value).filter(({ length }) => length === 0)
    expect(Math.abs(empty.length / 1000 - 0.99 ** 10)).toBeLessThan(0.03)
  })
})

describe('private batches', () => {
  const rowsOf = (draws: number[], size: number, rate: number): number[] =>
    draws.map(drawn => batchShape(drawn, size, rate, 1000).rows)

  it('have rows for the mean or more, by about a deviation, and no more than there are samples', () => {
    expect(rowsOf([0, 32, 33, 40, 41, 50], 3750, 32 / 3750)).toEqual([32, 32, 40, 40, 48, 56])
    expect(rowsOf([250, 257, 300], 3750, 256 / 3750)).toEqual([256, 272, 304])
    expect(rowsOf([20], 20, 1)).toEqual([20])
  })

  it('are cut into passes of as many rows as the device may hold', () => {
    const shapeOf = (drawn: number) => batchShape(drawn, 3750, 32 / 3750, 20)
    expect(shapeOf(30)).toEqual({ passes: 2, rows: 16 })
    expect(shapeOf(47)).toEqual({ passes: 3, rows: 16 })
    const shape = fc.record({
      drawn: fc.nat(3000),
      mean: fc.integer({ min: 1, max: 1500 }),
      most: fc.integer({ min: 1, max: 256 }),
    })
    fc.assert(
      fc.property(shape, ({ drawn, mean, most }) => {
        const { passes, rows } = batchShape(drawn, 3000, mean / 3000, most)
        expect(rows).toBeLessThanOrEqual(most)
        expect(passes * rows).toBeGreaterThanOrEqual(drawn)
        // What a step's tensors show of it: see PrivateCourse.
        expect(Math.ceil((passes * rows) / most)).toBe(passes)
      }),
    )
  })

  it('are as many as each sample takes part in once an epoch', () => {
    expect(privateStepsOf({ epochs: 2 }, 0.01)).toBe(200)
    expect(privateStepsOf({ epochs: 1 }, 32 / 3750)).toBe(117)
    expect(privateStepsOf({ steps: 7 }, 0.01)).toBe(7)
  })
})
