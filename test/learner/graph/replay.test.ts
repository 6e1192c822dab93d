import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { beforeAll, describe, expect, it } from 'vitest'
import { classification } from '../../../src/data/index.js'
import { Programs } from '../../../src/learner/graph/programs.js'
import { buildModel, type DeviceModel } from '../../../src/learner/models/model.js'
import type { LocalPlan } from '../../../src/learner/plan.js'
import { Residents } from '../../../src/learner/residents.js'
import type { Trained, TrainingJob } from '../../../src/learner/round.js'
import { ruleBook } from '../../../src/learner/rules/index.js'
import type { Rule } from '../../../src/learner/rules/rule.js'
import type { RuleSpec } from '../../../src/learner/rules/spec.js'
import type { Augmentation, ModelSpec } from '../../../src/learner/spec.js'
import { targetsOf } from '../../../src/learner/targets.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { train } from '../../../src/learner/train.js'
import { random } from '../../../src/random.js'
import { presentBackends } from '../backends.js'
import { droppingTopology } from '../topologies.js'

const native = (await presentBackends()).find(({ name }) => name === 'node')
const classes = 3

/** 25 samples in batches of 8: the last batch of an epoch is smaller. */
const plain: LocalPlan = { length: { epochs: 3 }, batch: 8, learningRate: 0.05, rules: [] }
const size = 25

interface Wanted {
  readonly model: ModelSpec
  readonly inputShape: readonly number[]
  readonly plan?: Partial<LocalPlan>
  readonly rules?: readonly Rule[]
  /** What the worker may keep on its device. */
  readonly residentBytes?: number
  /** Of a model that is no built-in one. */
  readonly topology?: object
}

let model: DeviceModel

async function jobFor(wanted: Wanted): Promise<TrainingJob> {
  const { model: spec, inputShape, plan, rules, residentBytes = 2 ** 24, topology } = wanted
  model = await buildModel(spec, inputShape, classes, 3, topology)
  const draw = random(1, 'graph test')
  const length = inputShape.reduce((product, axis) => product * axis, 1)
  const inputs = Float32Array.from({ length: size * length }, () => draw.uniform() * 2 - 1)
  const labels = Int32Array.from({ length: size }, () => draw.integer(classes))
  const channels = inputShape.at(-1)!
  const standardisation = { mean: new Float32Array(channels).fill(0.1), std: new Float32Array(channels).fill(0.7) }
  const samples = { inputs, labels, size, standardisation }
  return {
    parameters: model.initial,
    source: new Residents(residentBytes).source(0, samples, inputShape),
    targets: targetsOf(classification, { key: 0, ...samples }, inputShape, classes),
    size,
    seed: 7,
    peer: 1,
    round: 2,
    plan: { ...plain, ...plan },
    book: ruleBook(rules),
  }
}

async function trained(job: TrainingJob, programs?: Programs): Promise<Trained> {
  return (await train(model, { ...job, programs }, () => false))!
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}

function expectAlike(actual: Trained, expected: Trained): void {
  expect({ ...actual, parameters: 0, loss: 0, stepsInLoop: 0 }).toEqual({
    ...expected,
    parameters: 0,
    loss: 0,
    stepsInLoop: 0,
  })
  expect(Math.abs(actual.loss - expected.loss) / expected.loss).toBeLessThan(1e-5)
  const scale = largest(expected.parameters)
  const worst = largest(expected.parameters.map((value, i) => value - actual.parameters[i]!))
  expect(worst / scale).toBeLessThan(1e-5)
}

const head = 'output'
const models: Record<string, Wanted> = {
  MLP: { model: { kind: 'mlp', hidden: [20, 10], head }, inputShape: [6, 6, 1] },
  'LeNet-5': { model: { kind: 'lenet5', head }, inputShape: [28, 28, 1] },
  'ResNet-18': {
    model: { kind: 'resnet18', width: 8, groups: 2, head },
    inputShape: [16, 16, 3],
    plan: { length: { steps: 3 } },
  },
}
const sam: RuleSpec = { rule: 'sam', rho: 0.1, adaptive: false }
const everything: RuleSpec[] = [
  { rule: 'sam', rho: 0.5, adaptive: true },
  { rule: 'clip', limit: 0.5 },
  { rule: 'weightDecay', factor: 0.01 },
  { rule: 'momentum', factor: 0.9 },
]

describe.skipIf(native === undefined)('steps in a loop of native TensorFlow', () => {
  beforeAll(() => native!.select())

  for (const [name, wanted] of Object.entries(models)) {
    for (const [way, rules] of Object.entries({ SGD: [], SAM: [sam], 'ASAM with everything': everything })) {
      it(`end where the tape ends: ${name}, ${way}`, async () => {
        const job = await jobFor({ ...wanted, plan: { ...wanted.plan, rules } })
        const programs = new Programs()
        const byTape = await trained(job)
        const inLoop = await trained(job, programs)
        expect(byTape.stepsInLoop).toBe(0)
        // All but the first and the last of each epoch.
        expect(inLoop.stepsInLoop).toBe(name === 'ResNet-18' ? 2 : 8)
        expectAlike(inLoop, byTape)
        programs.dispose()
      })
    }
  }

  it('end where the tape ends, with a correction and a pull to a point', async () => {
    const job = await jobFor(models.MLP!)
    const vector = (from: number): Float32Array =>
      Float32Array.from({ length: model.layout.size }, (_, k) => 0.1 * Math.cos(k + from))
    const rules: RuleSpec[] = [
      { rule: 'correction', by: vector(0) },
      { rule: 'proximal', to: vector(1), factor: 0.5 },
    ]
    const withVectors = { ...job, plan: { ...job.plan, rules } }
    const programs = new Programs()
    const inLoop = await trained(withVectors, programs)
    expect(inLoop.stepsInLoop).toBe(8)
    expectAlike(inLoop, await trained(withVectors))
    programs.dispose()
  })

  const augment: Augmentation = { crop: 1, flip: true }
  for (const [name, changed] of Object.entries({
    'varied inputs': { plan: { augment } },
    'inputs that the device does not keep': { residentBytes: 0 },
  } satisfies Record<string, Partial<Wanted>>)) {
    it(`end where the tape ends, with ${name}`, async () => {
      const job = await jobFor({ ...models.MLP!, ...changed })
      const programs = new Programs()
      const inLoop = await trained(job, programs)
      expect(inLoop.stepsInLoop).toBe(8)
      expectAlike(inLoop, await trained(job))
      programs.dispose()
    })
  }

  it('give the same bits whatever the worker did before, and for another learning rate its own', async () => {
    const job = await jobFor(models.MLP!)
    const slower = { ...job, plan: { ...job.plan, learningRate: 0.01 } }
    const programs = new Programs()
    const first = await trained(job, programs)
    const other = await trained(slower, programs)
    const again = await trained(job, programs)
    const fresh = new Programs()
    expect(again).toEqual(first)
    expect(await trained(slower, fresh)).toEqual(other)
    expectAlike(other, await trained(slower))
    expect(other.parameters).not.toEqual(first.parameters)
    programs.dispose()
    fresh.dispose()
  })

  const noisy: Rule = {
    name: 'test/noisy',
    update: (_, updates) => updates.map(update => tf.add(update, tf.randomUniform(update.shape, 0, 1e-3))),
  }
  const reading: Rule = {
    name: 'test/reading',
    update: (_, updates) => updates.map(update => tf.mul(update, update.dataSync()[0]! > 0 ? 1 : 2)),
  }
  const held = { of: undefined as ReturnType<typeof tf.scalar> | undefined }
  const holding: Rule = {
    name: 'test/holding',
    update(_, updates) {
      held.of ??= tf.keep(tf.scalar(0.5))
      return updates.map(update => tf.mul(update, held.of!))
    },
  }
  for (const [what, rule] of Object.entries({
    'draws anew each time': noisy,
    'reads what it has computed': reading,
    'holds a tensor of its own': holding,
  })) {
    it(`are taken one by one where a rule ${what}`, async () => {
      const rules = [{ rule: rule.name } as RuleSpec]
      const job = await jobFor({ ...models.MLP!, plan: { rules }, rules: [rule] })
      const programs = new Programs()
      const byOne = await trained(job, programs)
      expect(byOne.stepsInLoop).toBe(0)
      if (rule !== noisy) expectAlike(byOne, await trained(job))
      programs.dispose()
    })
  }

  it('are taken one by one where a model drops units', async () => {
    const topology = droppingTopology([6], classes)
    const job = await jobFor({ model: { kind: 'file', path: 'model.json', head }, inputShape: [6], topology })
    const programs = new Programs()
    const byOne = await trained(job, programs)
    expect(byOne).toMatchObject({ steps: 12, stepsInLoop: 0 })
    expect(byOne).toEqual(await trained(job))
    programs.dispose()
  })

  it('leave no tensor and no file behind', async () => {
    const job = await jobFor({ ...models.MLP!, plan: { rules: everything } })
    const files = (): string[] => readdirSync(tmpdir()).filter(name => name.startsWith('hearsay-steps-'))
    const before = files()
    const programs = new Programs()
    await trained(job, programs)
    const { numTensors } = tf.memory()
    await trained(job, programs)
    await trained(job, programs)
    expect(tf.memory().numTensors).toBe(numTensors)
    expect(files()).toEqual(before)
    programs.dispose()
  })

  it('end early when the job is aborted', async () => {
    const job = await jobFor(models.MLP!)
    const programs = new Programs()
    let asked = 0
    expect(await train(model, { ...job, programs }, () => ++asked > 3)).toBeUndefined()
    expect(asked).toBe(4)
    programs.dispose()
  })
})
