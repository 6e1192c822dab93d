import { describe, expect, it } from 'vitest'
import type { Learner, LocalPlan } from '../../src/learner/index.js'
import { createIdentity, createPeer, learnerFor, parseManifest } from '../../src/node/index.js'
import type { PrivacyBudget } from '../../src/privacy/index.js'

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
    observe: async () => {},
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
  const { step } = budget as PrivacyBudget
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
  expect(budget!.spent.isOver).toBe(true)
})

it('has no loss where it has never trained, nor another where nobody took part', async () => {
  const { plans, learner } = spied()
  const spent = learnerFor({ ...of, learner })
  while (await (spent.budget as PrivacyBudget).charge());
  expect(await spent.learner.train(new Float32Array(4), 0, plan)).toMatchObject({ loss: Number.NaN, samples: 0 })
  expect(plans).toEqual([])
  const reports = [
    { loss: Number.NaN, samples: 0 },
    { loss: 0.4, samples: 9 },
    { loss: Number.NaN, samples: 0 },
  ]
  const train: Learner['train'] = async (_parameters, round) => ({ ...nothing, ...reports[round]! })
  const { learner: own, budget } = learnerFor({ ...of, learner: { ...learner, train } })
  const losses = []
  for (let round = 0; round < 3; round++) losses.push((await own.train(new Float32Array(4), round, plan)).loss)
  expect(losses).toEqual([Number.NaN, 0.4, 0.4])
  // Rounds in which nobody was drawn are not the end.
  expect(budget!.spent.isOver).toBeUndefined()
})

const nothing = { steps: 25, stepsInLoop: 0, moved: 1, seconds: 0.1 }

it('is refused in the field where nothing says how the budget outlasts the process', async () => {
  const data = { set: 'digits', standardise: 'none' } as const
  const manifest = parseManifest({ data, privacy: { budget: 4 } })
  const options = { manifest, identity: await createIdentity(), name: 'boston', data: { own: data } }
  await expect(createPeer(options)).rejects.toThrow('budget: is missing, and this run has a budget of privacy')
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

it('goes with images to restore, which are standardised as the inputs are', () => {
  const data = { set: 'digits', superResolution: 2, standardise: { mean: [5], std: [6] } }
  const parsed = parseManifest({ data, model: { kind: 'sr' }, privacy: { budget: 4 } })
  expect(parsed.privacy!.budget).toBe(4)
})

it.each([
  [{ data: { set: 'own.csv', target: 'price', standardise: 'none' } }, 'privacy: does not go with numbers to learn'],
  [{ merge: { method: 'mixture', schedule: 'joint' } }, 'merge.schedule: does not go with privacy'],
  [{ believe: 'ubar' }, 'believe: ubar does not go with privacy'],
  [{ merge: { method: 'mixture', trainHead: true } }, 'merge.trainHead: does not go with privacy'],
])('is refused with %j', (fields, message) => {
  const data = { set: 'digits', standardise: 'none' } as const
  expect(() => parseManifest({ data, privacy: { budget: 4 }, ...fields })).toThrow(message)
})

describe('a budget for contributions', () => {
  const of = { of: 'contribution', budget: 8 } as const
  const data = { set: 'digits', standardise: 'none' } as const

  it.each([
    [{ merge: 'mixture' }, 'privacy.of: contribution does not go with merge: mixture'],
    [{ merge: 'scaffold' }, 'privacy.of: contribution does not go with merge: scaffold'],
    [{ mode: 'async' }, 'mode: async does not go with privacy.of: contribution'],
    [{ believe: 'ubar' }, 'believe: ubar does not go with privacy'],
    [{ data: { set: 'digits' } }, 'data.standardise: left out'],
    [{ privacy: { ...of, of: 'peers' } }, 'privacy.of'],
    [{ privacy: { ...of, pairNoise: -1 } }, 'privacy.pairNoise'],
    [{ privacy: { budget: 8, pairNoise: 1 } }, 'pairNoise'],
  ])('is refused with %j', (fields, message) => {
    expect(() => parseManifest({ data, privacy: of, ...fields } as never)).toThrow(message)
  })

  it.each([
    {},
    { merge: 'dp-brem' },
    { masks: true },
    { believe: 'clip' },
    { data: { set: 'digits', standardise: 'own' } },
  ])('goes with %j', fields => {
    expect(parseManifest({ data, privacy: of, ...fields } as never).privacy).toEqual({ ...of, clip: 1, pairNoise: 3 })
  })

  it('trains as always, on any layer', () => {
    const checkPrivacy = (): never => {
      throw new Error('not asked')
    }
    const { learner } = spied()
    const privacy = parseManifest({ data, privacy: { ...of, noise: 5 } }).privacy
    const training = learnerFor({
      plan,
      records: 100,
      isSeeded: true,
      manifest: { rounds, privacy },
      model: { checkPrivacy },
      learner,
    })
    expect(training.learner).toBe(learner)
    expect(training.budget!.spent).toEqual({ epsilon: 0, delta: 1e-5 })
  })
})
