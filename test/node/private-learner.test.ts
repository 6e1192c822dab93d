import { expect, it } from 'vitest'
import type { Learner, LocalPlan } from '../../src/learner/index.js'
import { learnerFor, parseManifest } from '../../src/node/index.js'

const plan = { length: { epochs: 2 }, batch: 8, learningRate: 0.1, rules: [] } satisfies LocalPlan
const { rounds, privacy } = parseManifest({
  rounds: 3,
  data: { set: 'digits', standardise: 'none' },
  privacy: { budget: 4 },
})

const of = { manifest: { rounds, privacy }, model: { checkPrivacy() {} }, plan, records: 100, isSeeded: true }

it('is as it was without the section', () => {
  const { learner } = spied()
  const checkPrivacy = (): never => {
    throw new Error('not asked')
  }
  expect(learnerFor({ ...of, manifest: { rounds, privacy: undefined }, model: { checkPrivacy }, learner })).toEqual({
    learner,
    budget: undefined,
  })
})

function spied(): { readonly plans: LocalPlan[]; readonly learner: Learner } {
  const plans: LocalPlan[] = []
  const learner: Learner = {
    async train(_parameters, _round, plan) {
      plans.push(plan)
      return { loss: 0.5, samples: 90, steps: 25, stepsInLoop: 0, moved: 1, seconds: 0.1 }
    },
    evaluate: () => Promise.reject(new Error('not asked')),
    leave() {},
  }
  return { plans, learner }
}

it('trains by noised steps until the budget is spent, and then no more', async () => {
  const charged: number[] = []
  const { plans, learner } = spied()
  const keep = async (ledger: readonly { readonly steps: number }[]): Promise<void> => {
    // On the disk before the first step.
    expect(plans).toHaveLength(charged.length)
    charged.push(ledger.reduce((sum, { steps }) => sum + steps, 0))
  }
  const { learner: own, budget } = learnerFor({ ...of, learner, kept: { keep } })
  const reports = []
  for (let round = 0; round < 5; round++) reports.push(await own.train(new Float32Array(4), round, plan))
  expect(charged).toEqual([25, 50, 75])
  const { step } = budget!
  expect(plans).toEqual(
    Array.from({ length: 3 }, () => ({ ...plan, length: { steps: 25 }, privacy: { ...step, seeded: true } })),
  )
  expect(reports.map(({ samples, moved }) => [samples, moved])).toEqual([
    [90, 1],
    [90, 1],
    [90, 1],
    [0, 0],
    [0, 0],
  ])
  // The last loss there was, which is not one of 0.
  expect(reports.at(-1)!.loss).toBe(0.5)
})

it('takes no step that it could not charge', async () => {
  const { plans, learner } = spied()
  const keep = (): Promise<void> => Promise.reject(new Error('disk is full'))
  const { learner: own } = learnerFor({ ...of, learner, kept: { keep } })
  await expect(own.train(new Float32Array(4), 0, plan)).rejects.toThrow('disk is full')
  expect(plans).toEqual([])
})

it.each([
  ['own', { set: 'digits', standardise: 'own' }],
  ['agreed', { set: 'own.csv', standardise: 'agreed' }],
  ['left out', { set: 'digits' }],
])('is refused where standardisation has no noise: %s', (rule, data) => {
  expect(() => parseManifest({ data, privacy: { budget: 4 } })).toThrow(`data.standardise: ${rule}`)
})

it.each([
  [{ data: { set: 'own.csv', target: 'price' } }, 'privacy: does not go with numbers to learn'],
  [{ merge: { method: 'mixture', schedule: 'joint' } }, 'merge.schedule: does not go with privacy'],
  [{ believe: 'ubar' }, 'believe: ubar does not go with privacy'],
  [{ merge: { method: 'mixture', trainHead: true } }, 'merge.trainHead: does not go with privacy'],
])('is refused with %j', (fields, message) => {
  const data = { set: 'digits', standardise: 'none' }
  expect(() => parseManifest({ data, privacy: { budget: 4 }, ...fields })).toThrow(message)
})
