import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ContributionBudget,
  type ContributionInit,
  exposures,
  type Ledger,
  privacySchema,
} from '../../src/privacy/index.js'

const ring = { peers: 8, edges: Array.from({ length: 8 }, (_, peer) => [peer, (peer + 1) % 8] as const) }

function budgetWith(section: object, init: Partial<ContributionInit> = {}): ContributionBudget {
  const spec = privacySchema.parse({ of: 'contribution', ...section }) as ContributionInit['spec']
  return new ContributionBudget({ spec, rounds: 20, pairs: [ring], ...init })
}

/** ALGORITHMS-2.md 3.5. */
const closed = (e1: number, rounds: number, delta = 1e-5): number =>
  rounds * e1 + 2 * Math.sqrt(rounds * e1 * Math.log(1 / delta))

describe('a budget for contributions', () => {
  it('finds the noise with which all rounds stay within it, at the most exposed peer', async () => {
    for (const pairNoise of [0, 1, 3, 10]) {
      const budget = budgetWith({ budget: 8, pairNoise })
      const worst = Math.max(...exposures(ring, pairNoise))
      for (let round = 0; round < 20; round++) expect(await budget.charge(worst)).toBe(true)
      expect(await budget.charge(worst)).toBe(false)
      const { epsilon, isOver } = budget.spent
      expect(isOver).toBe(true)
      expect(epsilon).toBeLessThanOrEqual(8)
      expect(epsilon).toBeGreaterThan(7.99)
    }
  })

  it('counts no more than the closed form does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        fc.double({ min: 2, max: 100, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        async (exposure, noise, rounds) => {
          const budget = budgetWith({ budget: 1000, noise })
          for (let round = 0; round < rounds; round++) await budget.charge(exposure)
          const bound = closed((2 * exposure) / noise ** 2, rounds)
          // The orders are whole numbers up to 256: beyond these two ends one of them lies too far off.
          fc.pre(bound > 0.1 && bound < 30)
          expect(budget.spent.epsilon).toBeLessThanOrEqual(bound)
          expect(budget.spent.epsilon).toBeGreaterThan(0.8 * bound - 1)
        },
      ),
    )
  })

  it('adds rounds of different graphs up in one line of the ledger, before they are taken', async () => {
    const kept: Ledger[] = []
    const budget = budgetWith({ budget: 50, noise: 4 }, { keep: async ledger => void kept.push(ledger) })
    for (const exposure of [0.25, 1, 0.5, 0.5]) await budget.charge(exposure)
    expect(kept.map(ledger => ledger.map(({ steps }) => steps))).toEqual([[1], [2], [3], [4]])
    const same = budgetWith({ budget: 50, noise: 4 })
    // Divergences are proportional to the exposure.
    for (let round = 0; round < 4; round++) await same.charge(2.25 / 4)
    expect(budget.spent.epsilon).toBeCloseTo(same.spent.epsilon, 9)
    const resumed = budgetWith({ budget: 50, noise: 4 }, { ledger: kept.at(-1)! })
    expect(resumed.spent).toEqual(budget.spent)
  })

  it('takes no round that it could not charge', async () => {
    const budget = budgetWith({ budget: 8 }, { keep: () => Promise.reject(new Error('disk is full')) })
    await expect(budget.charge(1)).rejects.toThrow('disk is full')
    expect(budget.spent.epsilon).toBe(0)
  })

  it.each([
    [{ budget: 0.1, noise: 1 }, {}, 'privacy.budget: 0.1 is less than the first round costs with privacy.noise 1'],
    [{ budget: 1e-3 }, { rounds: 1e6 }, 'privacy.budget: 0.001 is too little for 1000000 rounds'],
    [{ budget: 8 }, { pairs: undefined }, 'privacy.noise: is missing: where peers come and go'],
    [{ budget: 8, noise: 2, pairNoise: 4 }, { pairs: undefined }, 'privacy.pairNoise: 4 is too much where peers come'],
    [{ budget: 8 }, { pairs: [{ peers: 65, edges: [] }] }, 'privacy.of: contribution goes with at most 64 peers'],
  ])('is refused: %j %j', (section, init, message) => {
    expect(() => budgetWith(section, init)).toThrow(message)
  })
})
