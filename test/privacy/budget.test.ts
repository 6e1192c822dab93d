import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Learner } from '../../src/learner/index.js'
import { learnerFor } from '../../src/node/index.js'
import {
  costOfStep,
  epsilonOf,
  type Ledger,
  noiseFor,
  type PrivacyBudget,
  privacySchema,
} from '../../src/privacy/index.js'

const training = { records: 3750, batch: 32, length: { epochs: 1 }, rounds: 10 } as const

/** As a peer has it. */
function budgetWith(section: object, of: Partial<typeof training> | object = {}, kept: object = {}): PrivacyBudget {
  const { records, batch, length, rounds } = { ...training, ...of }
  const manifest = { privacy: privacySchema.parse(section), rounds }
  const learner = {} as Learner
  const model = { checkPrivacy() {} }
  const { budget } = learnerFor({ manifest, model, learner, plan: { length, batch }, records, isSeeded: false, kept })
  return budget as PrivacyBudget
}

describe('the noise of a budget', () => {
  it('is the least with which all rounds stay within it', async () => {
    const budget = budgetWith({ budget: 3 })
    expect(budget.steps).toBe(117)
    expect(budget.step.rate).toBe(32 / 3750)
    // ALGORITHMS-2.md 3.3: 1,170 steps at δ 1e-5.
    expect(budget.step.noise).toBeCloseTo(0.8436, 4)
    for (let round = 0; round < training.rounds; round++) {
      expect(await budget.charge()).toBe(true)
      expect(budget.spent.isOver).toBeUndefined()
    }
    expect(await budget.charge()).toBe(false)
    expect(budget.spent.isOver).toBe(true)
    expect(budget.spent.epsilon).toBeLessThanOrEqual(3)
    expect(budget.spent.epsilon).toBeGreaterThan(2.99)
  })

  it('is the manifest’s, and the budget ends the training', async () => {
    const budget = budgetWith({ budget: 1.95, noise: 1 })
    let rounds = 0
    while (await budget.charge()) rounds++
    // 1,170 steps cost 1.9267.
    expect(rounds).toBe(10)
    expect(budget.spent).toEqual({ epsilon: expect.closeTo(1.9267, 4), delta: 1e-5, isOver: true })
  })

  it('is refused where the manifest’s exceeds the budget in the first round, and not where it is spent', async () => {
    const section = { budget: 0.5, noise: 1 }
    expect(() => budgetWith(section)).toThrow(
      'privacy.budget: 0.5 is less than the first round costs with privacy.noise 1 on 3750 records: allow 1.16 or more',
    )
    const spent = budgetWith(section, {}, { ledger: [{ rate: 32 / 3750, noise: 1, steps: 117 }] })
    expect(await spent.charge()).toBe(false)
  })

  it('is that of all orders, whatever it is sought by', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 50, noNaN: true }),
        fc.double({ min: 1e-4, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 100_000 }),
        (epsilon, rate, steps) => {
          const noise = noiseFor(epsilon, 1e-5, { rate, steps })
          if (noise === undefined) return
          const epsilonWith = (sigma: number) => epsilonOf([{ steps, cost: costOfStep({ rate, noise: sigma }) }], 1e-5)
          expect(epsilonWith(noise)).toBeLessThanOrEqual(epsilon)
          if (noise > 0.3) expect(epsilonWith(noise * (1 - 1e-5))).toBeGreaterThan(epsilon)
        },
      ),
      { numRuns: 100 },
    )
  })

  it('is not to be had for too many steps on too few records', () => {
    expect(() => budgetWith({ budget: 0.01 }, { records: 40, rounds: 1000 })).toThrow(
      'privacy.budget: 0.01 is too little for 1000 rounds of 1 steps on 40 records',
    )
  })
})

describe('a peer’s own', () => {
  it('δ is below a tenth of one by its records', () => {
    expect(budgetWith({ budget: 8 }, { records: 50_000 }).delta).toBe(1 / 500_000)
    expect(budgetWith({ budget: 8 }, { records: 100 }).delta).toBe(1e-5)
    expect(budgetWith({ budget: 8, delta: 1e-3 }).delta).toBe(1e-3)
  })

  it('records all take part in a step where they are fewer than a batch', () => {
    const { step, steps } = budgetWith({ budget: 8 }, { records: 20, length: { epochs: 3 } })
    expect({ rate: step.rate, steps }).toEqual({ rate: 1, steps: 3 })
  })
})

describe('a ledger', () => {
  const kept = (): { ledgers: Ledger[]; keep: (ledger: Ledger) => Promise<void> } => {
    const ledgers: Ledger[] = []
    return { ledgers, keep: async ledger => void ledgers.push(ledger) }
  }

  it('is kept before anything is charged', async () => {
    let written = (): void => {}
    const keep = (): Promise<void> => new Promise(resolve => (written = resolve))
    const budget = budgetWith({ budget: 8 }, {}, { keep })
    const charging = budget.charge()
    expect(budget.spent.epsilon).toBe(0)
    written()
    await charging
    expect(budget.spent.epsilon).toBeGreaterThan(0)
  })

  it('stays as it was where it cannot be kept', async () => {
    const budget = budgetWith({ budget: 8 }, {}, { keep: () => Promise.reject(new Error('no space')) })
    await expect(budget.charge()).rejects.toThrow('no space')
    expect(budget.spent.epsilon).toBe(0)
  })

  it('goes on, in any number of processes, where it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }), async processes => {
        const { ledgers, keep } = kept()
        for (const rounds of processes) {
          const budget = budgetWith({ budget: 8 }, {}, { ledger: ledgers.at(-1) ?? [], keep })
          for (let round = 0; round < rounds; round++) await budget.charge()
        }
        const whole = budgetWith({ budget: 8 })
        for (let round = processes.reduce((sum, rounds) => sum + rounds, 0); round > 0; round--) await whole.charge()
        const { epsilon } = budgetWith({ budget: 8 }, {}, { ledger: ledgers.at(-1) ?? [] }).spent
        expect(epsilon).toBe(whole.spent.epsilon)
      }),
      { numRuns: 10 },
    )
  })

  it('adds up steps of several kinds: data may have grown', async () => {
    const before = budgetWith({ budget: 8 })
    await before.charge()
    const { ledgers, keep } = kept()
    const after = budgetWith({ budget: 8 }, { records: 4000 }, { ledger: [{ ...before.step, steps: 117 }], keep })
    expect(after.spent.epsilon).toBe(before.spent.epsilon)
    await after.charge()
    expect(ledgers.at(-1)).toHaveLength(2)
    expect(after.spent.epsilon).toBeGreaterThan(before.spent.epsilon)
  })
})
