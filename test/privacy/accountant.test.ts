import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ChargedSteps, costOfStep, epsilonOf, noiseFor, renyiOfStep } from '../../src/privacy/accountant.js'

const delta = 1e-5

function spentBy(all: readonly ChargedSteps[], at = delta): number {
  return epsilonOf(
    all.map(({ steps, ...kind }) => ({ steps, cost: costOfStep(kind) })),
    at,
  )
}

/** ALGORITHMS-2.md 3.3. */
describe('the table', () => {
  it.each([
    [2, 0.01, 1, 1.71813e-4],
    [8, 0.01, 1, 8.93644e-4],
    [32, 0.01, 1, 11.24628],
    [2, 0.05, 2, 7.09812e-4],
    [8, 0.05, 2, 3.12153e-3],
    [32, 0.05, 2, 0.91637],
  ])('has the divergence of order %i, q %d, σ %d', (order, rate, noise, expected) => {
    expect(renyiOfStep(order, { rate, noise }) / expected).toBeCloseTo(1, 5)
  })

  it.each([
    [0.05, 1, 100, 4.1117],
    [32 / 3750, 1, 1170, 1.9267],
  ])('has ε of q %d, σ %d, %i steps', (rate, noise, steps, expected) => {
    expect(spentBy([{ rate, noise, steps }])).toBeCloseTo(expected, 4)
  })

  it.each([
    [1, 0.01, 1000, 1.5131],
    [3, 0.05, 1000, 2.5196],
    [8, 0.05, 1000, 1.2591],
    [3, 32 / 3750, 1170, 0.8436],
  ])('has σ for ε %d: q %d, %i steps', (epsilon, rate, steps, expected) => {
    expect(noiseFor(epsilon, delta, { rate, steps })).toBeCloseTo(expected, 4)
  })
})

/** ε by Google's dp_accounting (August 2026), `RdpAccountant` with the orders 2 to 256, to all its digits. */
describe('the accountant of a public library', () => {
  it.each([
    [0.01, 1, 1000, 1e-5, 2.1077530754515745],
    [0.04, 1.5, 2250, 1e-5, 7.329876773834711],
    [0.05, 1, 100, 1e-5, 4.111651877541296],
    [32 / 3750, 1, 1170, 1e-5, 1.92673488515066],
    [1, 10, 50, 1e-6, 3.543049895416111],
    [0.2, 2, 500, 1e-5, 13.692324050982332],
    [0.001, 0.7, 10_000, 1e-6, 2.495055704535433],
    [0.5, 8, 300, 1e-5, 5.2346809176652975],
    [0.1, 0.8, 20, 1e-4, 5.55156971506893],
    [0.02, 5, 5000, 1e-7, 1.4640806977634004],
  ])('agrees on q %d, σ %d, %i steps, δ %d', (rate, noise, steps, delta, expected) => {
    expect(spentBy([{ rate, noise, steps }], delta) / expected).toBeCloseTo(1, 6)
  })
})

describe('any steps (P38)', () => {
  const kind = fc.record({
    rate: fc.double({ min: 1e-3, max: 0.5, noNaN: true }),
    noise: fc.double({ min: 0.5, max: 20, noNaN: true }),
    steps: fc.integer({ min: 1, max: 5000 }),
  })

  it('cost more when there are more of them, of more records, or with less noise', () => {
    fc.assert(
      fc.property(kind, steps => {
        const epsilon = spentBy([steps])
        const more = (other: Partial<ChargedSteps>): number => spentBy([{ ...steps, ...other }])
        expect(more({ steps: steps.steps + 1 })).toBeGreaterThanOrEqual(epsilon)
        expect(more({ rate: steps.rate * 1.1 })).toBeGreaterThanOrEqual(epsilon)
        expect(more({ noise: steps.noise / 1.1 })).toBeGreaterThanOrEqual(epsilon)
      }),
    )
  })

  it('cost the same in one go and in parts', () => {
    fc.assert(
      fc.property(kind, fc.integer({ min: 0, max: 5000 }), (steps, other) => {
        const parts = [steps, { ...steps, steps: other }]
        const whole = spentBy([{ ...steps, steps: steps.steps + other }])
        expect(spentBy(parts)).toBeCloseTo(whole, 9)
      }),
    )
  })

  it('stay within ε with the noise that is found for it, and use it up', () => {
    const asked = fc.record({
      epsilon: fc.double({ min: 1, max: 10, noNaN: true }),
      rate: fc.double({ min: 1e-3, max: 0.3, noNaN: true }),
      steps: fc.integer({ min: 10, max: 2000 }),
    })
    fc.assert(
      fc.property(asked, ({ epsilon, ...of }) => {
        const noise = noiseFor(epsilon, delta, of)!
        const spent = spentBy([{ ...of, noise }])
        expect(spent).toBeLessThanOrEqual(epsilon)
        if (noise > 0.3) expect(spent).toBeGreaterThan(0.99 * epsilon)
      }),
      { numRuns: 30 },
    )
  })

  it('cost nothing where there is none, and everything without noise', () => {
    expect(spentBy([])).toBe(0)
    expect(spentBy([{ rate: 0.1, noise: 1, steps: 0 }])).toBe(0)
    expect(spentBy([{ rate: 0.1, noise: 0, steps: 1 }])).toBe(Number.POSITIVE_INFINITY)
    expect(renyiOfStep(4, { rate: 1, noise: 2 })).toBe(0.5)
  })

  it('have no noise that suffices where they are too many', () => {
    expect(noiseFor(1e-6, delta, { rate: 0.5, steps: 1e6 })).toBeUndefined()
  })
})
