import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { averagingMethod, registerMethod, rulesOf } from '../../src/methods/index.js'
import { localPlan, type ManifestInput, parseManifest } from '../../src/node/index.js'
import { planOf as sharedPlanOf } from '../../src/node/training.js'
import { headSection, layoutOf } from '../../src/tensors/index.js'

const planOf = (input: ManifestInput, round = 0) => localPlan(parseManifest(input))(round)

describe('a local plan', () => {
  it('is settled together with the merge method', () => {
    const sam = { rule: 'sam', rho: 0.05, adaptive: false }
    expect(planOf({})).toEqual({ length: { epochs: 1 }, batch: 32, learningRate: 0.05, rules: [sam] })
    expect(planOf({ merge: 'dfedavgm' }).rules).toEqual([{ rule: 'momentum', factor: 0.9 }])
    expect(planOf({ merge: 'dpsgd' })).toMatchObject({ length: { steps: 1 }, rules: [] })
    expect(planOf({ training: { steps: 5 } }).length).toEqual({ steps: 5 })
    expect(planOf({ training: { augment: { crop: 4 } } }).augment).toEqual({ crop: 4, flip: false })
  })

  it('η_t = η₀·decay^t', () => {
    const training = { learningRate: 0.5, decay: 0.5 }
    expect([0, 1, 2].map(round => planOf({ training }, round).learningRate)).toEqual([0.5, 0.25, 0.125])
  })

  it('P3 a number of 0 makes no rule', () => {
    expect(rulesOf({ rho: 0, adaptive: true, weightDecay: 0, momentum: 0 })).toEqual([])
  })

  it('clips the gradient that comes out of SAM, decays, and then adds the velocity', () => {
    const rules = rulesOf({ rho: 0.1, adaptive: true, clip: 2, weightDecay: 0.01, momentum: 0.9 })
    expect(rules.map(({ rule }) => rule)).toEqual(['sam', 'clip', 'weightDecay', 'momentum'])
  })
})

describe("a method of one's own with masks", () => {
  const head = headSection(layoutOf([{ name: 'dense/kernel', shape: [1] }]))

  it.each([0, 1, 2])('has one exchange a round, not %i', steps => {
    const name = `${steps}-exchanges`
    registerMethod(
      averagingMethod({
        name,
        says: 'average as often',
        schema: z.strictObject({ method: z.literal(name) }),
        needs: { sums: true },
        settle: section => section,
        local: () => ({ rho: 0, momentum: 0, oneStep: false }),
        plan: () => ({ steps }),
      }),
    )
    const asked = { merge: name, topology: 'full' } as const
    expect(sharedPlanOf(parseManifest(asked), head).steps).toBe(steps)
    const masked = () => sharedPlanOf(parseManifest({ ...asked, masks: true }), head).steps
    if (steps === 1) expect(masked()).toBe(1)
    else
      expect(masked).toThrow(`masks: needs one exchange a round, and merge: ${name} has ${steps}; use another method`)
  })
})
