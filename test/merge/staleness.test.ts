import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stalenessSchema, staleRow, staleShare } from '../../src/merge/index.js'

const spec = stalenessSchema.parse({})

describe('the share of a stale head', () => {
  it('is that of FedASMU', () => {
    // Round 3 (t = 4), s = 3, λ = 1, σ = 0.5, ι = 0.1: ξ = 1/(2·2) + 0.1 = 0.35, fresh 1/2 + 0.1 = 0.6.
    expect(staleShare(3, 3, spec)).toBeCloseTo(0.35 / 1.35 / (0.6 / 1.6), 12)
  })

  it('is whole for a fresh head, falls with its age, and ends at the limit', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: -5, max: 19 }), (round, age) => {
        const share = staleShare(age, round, spec)
        if (age <= 0) expect(share).toBe(1)
        else expect(share).toBeLessThan(staleShare(age - 1, round, spec))
        expect(share).toBeGreaterThan(0)
      }),
    )
    expect(staleShare(spec.limit + 1, 50, spec)).toBe(0)
  })
})

describe('a row of stale heads', () => {
  const row = {
    self: 0.4,
    from: [
      { peer: 1, weight: 0.3 },
      { peer: 4, weight: 0.3 },
    ],
  }

  it('still sums to 1, and gives to oneself what the neighbours lose', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.nat(100), (a, b, round) => {
        const aged = staleRow(
          row,
          new Map([
            [1, a],
            [4, b],
          ]),
          round,
          spec,
        )
        const total = aged.self + aged.from.reduce((sum, { weight }) => sum + weight, 0)
        expect(total).toBeCloseTo(1, 12)
        expect(aged.self).toBeGreaterThanOrEqual(row.self)
      }),
    )
  })

  it('is the row itself where nothing is stale', () => {
    const fresh = new Map([
      [1, 7],
      [4, 9],
    ])
    expect(staleRow(row, fresh, 7, spec)).toEqual(row)
    expect(staleRow(row, new Map(), 7, spec)).toEqual(row)
  })
})
