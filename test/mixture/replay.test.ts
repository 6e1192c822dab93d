import { beforeAll, describe, expect, it } from 'vitest'
import { classification, type Objective } from '../../src/data/objective.js'
import { Programs } from '../../src/learner/graph/programs.js'
import type { LocalPlan, RuleSpec } from '../../src/learner/index.js'
import { buildModel, type DeviceModel } from '../../src/learner/models/model.js'
import { outputShapeOf } from '../../src/learner/output-shape.js'
import { Residents } from '../../src/learner/residents.js'
import { ruleBook } from '../../src/learner/rules/index.js'
import type { Rule } from '../../src/learner/rules/rule.js'
import type { ModelSpec } from '../../src/learner/spec.js'
import { targetsOf } from '../../src/learner/targets.js'
import { tf } from '../../src/learner/tensorflow.js'
import { geometryOf } from '../../src/mixture/geometry.js'
import type { MixtureSettings } from '../../src/mixture/spec.js'
import { train } from '../../src/mixture/train.js'
import type { MixtureTraining, TrainedMixture } from '../../src/mixture/training.js'
import { createMixtureWeights, transformOf } from '../../src/mixture/weights.js'
import { random } from '../../src/random.js'
import { headSection } from '../../src/tensors/index.js'
import { presentBackends } from '../learner/backends.js'
import { droppingTopology } from '../learner/topologies.js'
import { numbers, settingsOf } from './nets.js'

/*
 * The mixture's steps in a loop of native TensorFlow, beside the same steps by the tape. 20 samples in batches of 8, three
 * times: two whole batches an epoch and a smaller one.
 */

const native = (await presentBackends()).find(({ name }) => name === 'node')
const size = 20
const classes = 3
const plan: LocalPlan = { length: { epochs: 3 }, batch: 8, learningRate: 0.05, rules: [] }
/** All but the first and the last of each epoch. */
const most = 5

interface Task {
  readonly spec: ModelSpec
  readonly inputShape: readonly number[]
  readonly objective: Objective
  /** Of a model that is no built-in one. */
  readonly topology?: object
}

const dense: Task = {
  spec: { kind: 'mlp', hidden: [12, 6], head: 'dense2' },
  inputShape: [5, 5, 1],
  objective: classification,
}
/** Heads of convolutions, on maps. */
const maps: Task = {
  spec: { kind: 'sr', channels: [4], head: 'output' },
  inputShape: [6, 6, 1],
  objective: { kind: 'super-resolution', factor: 1 },
}
const dropping: Task = {
  ...dense,
  spec: { kind: 'file', path: 'model.json', head: 'output' },
  topology: droppingTopology(dense.inputShape, classes),
}

interface Wanted extends Partial<Omit<MixtureSettings, 'task'>> {
  readonly rules?: readonly RuleSpec[]
  readonly experts?: number
  readonly known?: readonly Rule[]
}

async function jobOf(
  { spec, inputShape, objective, topology }: Task,
  { rules = [], experts = 4, known = [], ...changed }: Wanted,
): Promise<MixtureTraining> {
  const outputShape = outputShapeOf(objective, inputShape, classes)
  const model: DeviceModel = await buildModel(spec, inputShape, outputShape, 3, topology)
  const draw = random(1, 'mixture in graphs')
  const length = inputShape.reduce((product, axis) => product * axis, 1)
  const samples = {
    inputs: numbers(draw, size * length),
    targets: numbers(draw, size * length),
    labels: Int32Array.from({ length: size }, () => draw.integer(classes)),
    size,
    standardisation: { mean: new Float32Array([0.1]), std: new Float32Array([0.7]) },
  }
  const isDense = objective.kind === 'classification'
  const settings = settingsOf({
    epochs: 3,
    learningRate: 0.05,
    projection: 3,
    ...(isDense ? {} : { task: 'values' }),
    ...changed,
  })
  const geometry = geometryOf(model.cut(), model.layout)
  const weights = createMixtureWeights(geometry.widths, settings, { seed: 1, peer: 0 })
  const { layout } = headSection(model.layout, model.headLayer)
  const heads = Array.from({ length: experts }, () => numbers(draw, layout.size))
  return {
    model,
    geometry,
    parameters: model.initial,
    source: new Residents(2 ** 24).source(0, samples, inputShape),
    targets: targetsOf(objective, { key: 0, ...samples }, inputShape, classes),
    size,
    heads,
    weights: { ...weights, transforms: heads.flatMap((_, j) => transformOf(weights, `peer-${j}`) ?? []) },
    settings,
    plan: { ...plan, rules },
    book: ruleBook(known),
    localShare: 0.5,
    seed: 7,
    peer: 1,
    round: 2,
  }
}

async function trained(job: MixtureTraining, programs?: Programs): Promise<TrainedMixture> {
  return (await train({ ...job, programs }, () => false))!
}

function expectAlike(actual: TrainedMixture, expected: TrainedMixture): void {
  const vectorsOf = ({ values, transforms, parameters, gate }: TrainedMixture): ArrayLike<number>[] => [
    values,
    ...transforms,
    ...(parameters === undefined ? [] : [parameters]),
    gate,
  ]
  const [vectors, others] = [vectorsOf(actual), vectorsOf(expected)]
  expect(vectors.length).toBe(others.length)
  for (const [i, values] of vectors.entries()) {
    const other = Array.from(others[i]!)
    const worst = Math.max(0, ...other.map((value, k) => Math.abs(value - values[k]!)))
    expect(worst).toBeLessThanOrEqual(1e-5 * Math.max(0, ...other.map(Math.abs)))
  }
  expect(Math.abs(actual.loss - expected.loss) / expected.loss).toBeLessThan(1e-5)
  expect([actual.samples, actual.steps]).toEqual([expected.samples, expected.steps])
}

const sam: RuleSpec = { rule: 'sam', rho: 0.1, adaptive: false }
const everything: RuleSpec[] = [
  { rule: 'sam', rho: 0.5, adaptive: true },
  { rule: 'clip', limit: 0.5 },
  { rule: 'weightDecay', factor: 0.01 },
  { rule: 'momentum', factor: 0.9 },
]
const schedule = 'joint'
const cases: [string, Task, Wanted][] = [
  ['as it is', dense, {}],
  ['one expert', dense, { experts: 1 }],
  ['64 experts', dense, { experts: 64 }],
  ['probabilities, without momentum', dense, { tokens: 'probabilities', momentum: 0 }],
  ['as published, without transforms', dense, { normalise: false, transform: false }],
  ['the mean, with the own head', dense, { gate: 'mean', trainHead: true }],
  ['varied images', dense, { augment: { crop: 1, flip: true } }],
  ['jointly', dense, { schedule }],
  ['jointly without experts', dense, { schedule, experts: 0 }],
  ['jointly with SAM', dense, { schedule, rules: [sam] }],
  ['jointly with the own head, ASAM and everything', dense, { schedule, trainHead: true, rules: everything }],
  ['maps', maps, {}],
  ['maps, jointly with SAM', maps, { schedule, rules: [sam] }],
]

describe.skipIf(native === undefined)('steps of a mixture in a loop of native TensorFlow', () => {
  beforeAll(() => native!.select())

  it.each(cases)('end where the tape ends, and leave no tensor behind: %s', async (_, task, wanted) => {
    const job = await jobOf(task, wanted)
    const programs = new Programs()
    const byTape = await trained(job)
    const inLoop = await trained(job, programs)
    expect([byTape.stepsInLoop, inLoop.stepsInLoop]).toEqual([0, most])
    expectAlike(inLoop, byTape)
    const { numTensors } = tf.memory()
    await trained(job, programs)
    expect(tf.memory().numTensors).toBe(numTensors)
    programs.dispose()
    job.model.dispose()
  })

  it('give the same bits whatever the worker did before', async () => {
    const jobs = [
      await jobOf(dense, {}),
      await jobOf(dense, { experts: 5 }),
      await jobOf(dense, { schedule, rules: [sam] }),
    ]
    const shared = new Programs()
    for (const job of [...jobs, ...jobs]) {
      const own = new Programs()
      expect(await trained(job, shared)).toEqual(await trained(job, own))
      own.dispose()
    }
    shared.dispose()
    for (const { model } of jobs) model.dispose()
  })

  const noisy: Rule = {
    name: 'test/noisy',
    update: (_, updates) => updates.map(update => tf.add(update, tf.randomUniform(update.shape, 0, 1e-3))),
  }
  it.each([
    ['a rule', dense, { rules: [{ rule: noisy.name } as RuleSpec], known: [noisy] }],
    ['dropout', dropping, {}],
  ] satisfies [string, Task, Wanted][])('are taken one by one where they draw numbers: %s', async (_, task, wanted) => {
    const job = await jobOf(task, { schedule, ...wanted })
    const programs = new Programs()
    const byOne = await trained(job, programs)
    expect(byOne).toMatchObject({ steps: 9, stepsInLoop: 0 })
    if (task === dropping) expect(byOne).toEqual(await trained(job))
    programs.dispose()
    job.model.dispose()
  })

  it('end early when the job is aborted, and leave no tensor behind', async () => {
    const job = await jobOf(dense, { schedule })
    const programs = new Programs()
    await trained(job, programs)
    const { numTensors } = tf.memory()
    let asked = 0
    expect(await train({ ...job, programs }, () => ++asked > 3)).toBeUndefined()
    expect(asked).toBe(4)
    expect(tf.memory().numTensors).toBe(numTensors)
    programs.dispose()
    job.model.dispose()
  })
})
