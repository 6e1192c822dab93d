import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { classification } from '../../../src/data/index.js'
import { Programs } from '../../../src/learner/graph/programs.js'
import { buildModel, type DeviceModel } from '../../../src/learner/models/model.js'
import type { LocalPlan, PrivateSteps } from '../../../src/learner/plan.js'
import { batchShape, poissonBatches } from '../../../src/learner/private/poisson.js'
import { trainPrivately } from '../../../src/learner/private/train.js'
import { Residents } from '../../../src/learner/residents.js'
import { orderOf, type Trained, type TrainingJob } from '../../../src/learner/round.js'
import { ruleBook } from '../../../src/learner/rules/index.js'
import type { Rule } from '../../../src/learner/rules/rule.js'
import type { RuleSpec } from '../../../src/learner/rules/spec.js'
import type { ModelSpec } from '../../../src/learner/spec.js'
import { rowsOf, type Targets, targetsOf } from '../../../src/learner/targets.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { train } from '../../../src/learner/train.js'
import { random, seededWords, uniformOf } from '../../../src/random.js'
import { presentBackends } from '../backends.js'
import { layer } from '../topologies.js'

const backends = await presentBackends()
const native = backends.find(({ name }) => name === 'node')
const classes = 3
const head = 'output'
const image = [16, 16, 1]
const lenet: ModelSpec = { kind: 'lenet5', head }
const mlp: ModelSpec = { kind: 'mlp', hidden: [12, 8], head }

interface Wanted {
  readonly spec: ModelSpec
  readonly privacy: PrivateSteps
  readonly plan?: Partial<LocalPlan>
  readonly inputShape?: readonly number[]
  readonly size?: number
  readonly round?: number
  readonly rules?: readonly Rule[]
}

interface Setting {
  readonly model: DeviceModel
  readonly job: TrainingJob
  readonly inputs: Float32Array
}

async function setting(wanted: Wanted): Promise<Setting> {
  const { spec, privacy, plan, inputShape = image, size = 40, round = 2, rules } = wanted
  const model = await buildModel(spec, inputShape, classes, 3)
  const draw = random(1, 'private test')
  const length = inputShape.reduce((product, axis) => product * axis, 1)
  const inputs = Float32Array.from({ length: size * length }, () => draw.uniform() * 2 - 1)
  const labels = Int32Array.from({ length: size }, () => draw.integer(classes))
  const channels = inputShape.at(-1)!
  const standardisation = { mean: new Float32Array(channels), std: new Float32Array(channels).fill(1) }
  const samples = { inputs, labels, size, standardisation }
  const job = {
    parameters: model.initial,
    source: new Residents(2 ** 24).source(0, samples, inputShape),
    targets: targetsOf(classification, { key: 0, ...samples }, inputShape, classes),
    size,
    seed: 7,
    peer: 1,
    round,
    plan: { length: { steps: 6 }, batch: size, learningRate: 0.05, rules: [], privacy, ...plan },
    book: ruleBook(rules),
  }
  return { model, job, inputs }
}

async function trained({ model, job }: Pick<Setting, 'model' | 'job'>, programs?: Programs): Promise<Trained> {
  return (await trainPrivately(model, { ...job, programs }, () => false))!
}

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  const [all, scale] = [Array.from(actual), Math.sqrt(Array.from(expected).reduce((sum, x) => sum + x * x, 0))]
  const apart = Math.sqrt(all.reduce((sum, x, k) => sum + (x - expected[k]!) ** 2, 0))
  expect(apart / scale).toBeLessThan(1e-5)
}

const everything: RuleSpec[] = [
  { rule: 'clip', limit: 0.5 },
  { rule: 'weightDecay', factor: 0.01 },
  { rule: 'momentum', factor: 0.9 },
]
const sam: RuleSpec = { rule: 'sam', rho: 0.1, adaptive: false }

/** Every sample, nothing clipped, no noise. */
const everybody: PrivateSteps = { clip: 1e9, noise: 0, rate: 1, seeded: true }

describe.each(backends)('private steps on $name', backend => {
  beforeAll(() => backend.select())

  for (const [name, rules] of Object.entries({ SGD: [], 'with all rules': everything })) {
    it(`P35 are steps of all samples without noise and bound: ${name}`, async () => {
      const { model, job } = await setting({ spec: lenet, privacy: everybody, plan: { rules } })
      const { privacy: _, ...plan } = job.plan
      const expected = (await train(model, { ...job, plan }, () => false))!
      const actual = await trained({ model, job })
      expectNear(actual.parameters, expected.parameters)
      expect(actual.loss).toBeCloseTo(expected.loss, 5)
      expect(actual).toMatchObject({ steps: 6, samples: 240, gradients: { clipped: 0 } })
      model.dispose()
    })
  }

  it('divide by what is to be expected, whether nobody takes part or more than fit', async () => {
    const [size, rate, steps] = [200, 0.02, 24]
    const plan = { length: { steps } }
    const drawsOf = (round: number): Int32Array[] => {
      const batches = poissonBatches(size, rate, uniformOf(seededWords(7, 'private/batches', 1, round)))
      return Array.from({ length: steps }, () => batches.next().value)
    }
    const { rows } = batchShape(0, size, rate, 1000)
    const rounds = Array.from({ length: 200 }, (_, round) => round)
    const isRare = (draws: Int32Array[]): boolean =>
      draws.some(({ length }) => length === 0) && draws.some(({ length }) => length > rows)
    const round = rounds.find(each => isRare(drawsOf(each)))!
    const privacy = { clip: 0.7, noise: 0, rate, seeded: true }
    const { model, job, inputs } = await setting({ spec: mlp, privacy, plan, inputShape: [6], size, round })
    const expected = await oneByOne(model, job, inputs, drawsOf(round))
    const actual = await trained({ model, job })
    expectNear(actual.parameters, expected.parameters)
    expect(actual.samples).toBe(drawsOf(round).reduce((sum, { length }) => sum + length, 0))
    expect(Math.abs(Math.log(actual.gradients!.median / expected.median))).toBeLessThan(0.1)
    expect(actual.gradients!.clipped).toBeCloseTo(expected.clipped, 5)
    // The same in passes of three, as for a model of which no more fit.
    const narrow = { ...model, activations: 2 ** 26 / 3 }
    expectNear((await trained({ model: narrow, job })).parameters, expected.parameters)
    model.dispose()
  })

  it('P37 add noise of deviation σR to the sum', async () => {
    // Nobody takes part: what moves is the noise alone.
    const [noise, clip, rate, size] = [1.5, 0.4, 1e-9, 40]
    for (const seeded of [true, false]) {
      const privacy = { clip, noise, rate, seeded }
      const plan = { length: { steps: 3 }, learningRate: size * rate }
      const inputShape = [5000]
      const { model, job } = await setting({ spec: { kind: 'logistic', head }, privacy, plan, inputShape, size })
      const { parameters, ...figures } = await trained({ model, job })
      const squares = parameters.reduce((sum, x, k) => sum + (x - model.initial[k]!) ** 2, 0)
      const deviation = Math.sqrt(squares / parameters.length / 3)
      expect(Math.abs(deviation / (noise * clip) - 1)).toBeLessThan(0.03)
      expect(figures).toMatchObject({ loss: Number.NaN, samples: 0, steps: 3 })
      expect(figures.gradients).toBeUndefined()
      model.dispose()
    }
  })

  it('leave no tensor behind, ended early or not', async () => {
    const privacy = { clip: 1, noise: 1, rate: 0.2, seeded: true }
    const { model, job } = await setting({ spec: lenet, privacy, plan: { rules: [sam, ...everything] } })
    await trained({ model, job })
    const { numTensors } = tf.memory()
    await trained({ model, job })
    let asked = 0
    expect(await trainPrivately(model, job, () => ++asked > 2)).toBeUndefined()
    expect(tf.memory().numTensors).toBe(numTensors)
    model.dispose()
  })
})

/** Plain SGD of the sums of clipped gradients, one sample at a time by the tape. */
async function oneByOne(model: DeviceModel, job: TrainingJob, inputs: Float32Array, draws: readonly Int32Array[]) {
  const { privacy, learningRate } = job.plan
  const { clip, rate } = privacy!
  const width = inputs.length / job.size
  const parameters = Float64Array.from(model.initial)
  const lengths: number[] = []
  for (const draw of draws) {
    const sum = new Float64Array(parameters.length)
    for (const sample of draw) {
      const gradient = await gradientOf(
        model,
        job.targets,
        parameters,
        inputs.slice(sample * width, (sample + 1) * width),
        sample,
      )
      const length = Math.hypot(...gradient)
      lengths.push(length)
      for (let k = 0; k < sum.length; k++) sum[k]! += gradient[k]! * Math.min(1, clip / length)
    }
    for (let k = 0; k < sum.length; k++) parameters[k]! -= (learningRate * sum[k]!) / (job.size * rate)
  }
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length
  const median = [...lengths].sort((a, b) => a - b)[Math.floor(lengths.length / 2)]!
  return { parameters, median, clipped: mean(lengths.map(length => (length > clip ? 1 : 0))) }
}

async function gradientOf(
  model: DeviceModel,
  targets: Targets,
  parameters: Float64Array,
  input: Float32Array,
  sample: number,
): Promise<number[]> {
  const gradients = tf.tidy(() => {
    for (const [i, { offset, size, shape }] of model.layout.tensors.entries()) {
      model.variables[i]!.assign(tf.tensor(Float32Array.from(parameters.subarray(offset, offset + size)), [...shape]))
    }
    const wanted = new Float32Array(classes)
    targets.write(sample, wanted, 0)
    const loss = () =>
      tf.sum(
        targets.losses(
          rowsOf(model.logits(tf.tensor(input, [1, input.length]), true)),
          tf.tensor2d(wanted, [1, classes]),
        ),
      )
    const { grads } = tf.engine().gradients(loss as never, [...model.trainable])
    return grads
  })
  const all = await Promise.all(gradients.map(gradient => gradient.data()))
  tf.dispose(gradients)
  return all.flatMap(values => [...values])
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearsay-private-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A model of a user's, with dropout. */
async function dropping(): Promise<ModelSpec> {
  const layers = [
    layer('InputLayer', { name: 'in', batch_input_shape: [null, 6] }),
    layer('Dense', { name: 'hidden', units: 20, activation: 'relu' }),
    layer('Dropout', { name: 'dropped', rate: 0.4 }),
    layer('Dense', { name: 'output', units: classes }),
  ]
  const path = join(folder, 'dropping.json')
  await writeFile(path, JSON.stringify({ modelTopology: layer('Sequential', { name: 'dropping', layers }) }))
  return { kind: 'file', path, head }
}

describe('private steps', () => {
  beforeAll(() => backends[0]!.select())
  const privacy: PrivateSteps = { clip: 0.5, noise: 0.8, rate: 0.3, seeded: true }

  it('are the same on every backend', async () => {
    const all: Float32Array[] = []
    for (const backend of backends) {
      await backend.select()
      const { model, job } = await setting({ spec: lenet, privacy, plan: { rules: [sam, ...everything] } })
      all.push((await trained({ model, job })).parameters)
      model.dispose()
    }
    for (const other of all.slice(1)) expectNear(other, all[0]!)
  })

  it('are the same twice from a seed, and never without one', async () => {
    const twice = async (seeded: boolean): Promise<Float32Array[]> => {
      const { model, job } = await setting({ spec: mlp, privacy: { ...privacy, seeded } })
      const both = [(await trained({ model, job })).parameters, (await trained({ model, job })).parameters]
      model.dispose()
      return both
    }
    const [first, second] = await twice(true)
    expect(second).toEqual(first)
    const [one, another] = await twice(false)
    expect(another).not.toEqual(one)
  })

  /** Twice the same round, by everybody and without noise: what differs was drawn. */
  const drawnTwice = async (
    seeded: boolean,
    wanted: Pick<Wanted, 'spec'> & Partial<Wanted>,
  ): Promise<Float32Array[]> => {
    const { model, job } = await setting({ privacy: { ...everybody, seeded }, ...wanted })
    const both = [(await trained({ model, job })).parameters, (await trained({ model, job })).parameters]
    model.dispose()
    return both
  }

  for (const [name, wanted] of [
    ['dropout', async () => ({ spec: await dropping(), inputShape: [6] })],
    ['augmentation', async () => ({ spec: lenet, plan: { augment: { crop: 3, flip: true } } })],
  ] satisfies [string, () => Promise<Pick<Wanted, 'spec'> & Partial<Wanted>>][]) {
    it(`draw for ${name} by the seed in a simulation alone, which others know`, async () => {
      const [first, second] = await drawnTwice(true, await wanted())
      expect(second).toEqual(first)
      const [one, another] = await drawnTwice(false, await wanted())
      expect(another).not.toEqual(one)
    })
  }

  it('let SAM follow the last noised gradient: nothing in the first step', async () => {
    const after = async (steps: number, rules: RuleSpec[]): Promise<Float32Array> => {
      const { model, job } = await setting({ spec: mlp, privacy, plan: { length: { steps }, rules } })
      const { parameters } = await trained({ model, job })
      model.dispose()
      return parameters
    }
    expect(await after(1, [sam])).toEqual(await after(1, []))
    expect(await after(2, [sam])).not.toEqual(await after(2, []))
  })

  it('refuse a rule that takes gradients in a way of its own', async () => {
    const own: Rule = { name: 'test/own', gradients: (_, at, factor) => at(factor) }
    const rules = [{ rule: own.name } as RuleSpec]
    const { model, job } = await setting({ spec: mlp, privacy, plan: { rules }, rules: [own] })
    await expect(trained({ model, job })).rejects.toThrow('privacy: does not go with the rule test/own')
    model.dispose()
  })

  it('refuse numbers that make no sense', async () => {
    for (const wrong of [{ clip: 0 }, { clip: Infinity }, { noise: -1 }, { rate: 0 }, { rate: 1.1 }]) {
      const { model, job } = await setting({ spec: mlp, privacy: { ...privacy, ...wrong } })
      await expect(trained({ model, job })).rejects.toThrow(RangeError)
      model.dispose()
    }
  })

  it('are never taken as plain ones by mistake', async () => {
    const { model, job } = await setting({ spec: mlp, privacy })
    expect(() => orderOf(job)).toThrow('privacy: does not go with this method')
    model.dispose()
  })
})

describe.skipIf(native === undefined)('private steps in a loop of native TensorFlow', () => {
  beforeAll(() => native!.select())

  // A third of 40 are 16 rows or 24: two graphs. All of 12 are one, since that of a ResNet takes long to load.
  for (const [name, spec, rules, size, rate, kinds] of [
    ['LeNet-5', lenet, [sam, ...everything], 40, 0.3, 2],
    ['MLP', mlp, [], 40, 0.3, 2],
    ['ResNet-18', { kind: 'resnet18', width: 8, groups: 2, head }, [], 12, 1, 1],
  ] satisfies [string, ModelSpec, RuleSpec[], number, number, number][]) {
    it(`end where the tape ends: ${name}`, async () => {
      const privacy = { clip: 0.5, noise: 0.8, rate, seeded: true }
      const { model, job } = await setting({ spec, privacy, plan: { rules }, size })
      const programs = new Programs()
      const inLoop = await trained({ model, job }, programs)
      expect(inLoop).toMatchObject({ steps: 6, stepsInLoop: 6 - kinds })
      expectNear(inLoop.parameters, (await trained({ model, job })).parameters)
      const { numTensors } = tf.memory()
      await trained({ model, job }, programs)
      expect(tf.memory().numTensors).toBe(numTensors)
      programs.dispose()
      model.dispose()
    })
  }

  it('are another loop for each number of rows, and by themselves where they take several passes', async () => {
    const [size, steps] = [150, 30]
    const privacy = { clip: 0.5, noise: 0.8, rate: 64 / size, seeded: true }
    const { model, job } = await setting({ spec: mlp, privacy, size, plan: { length: { steps } } })
    const drawn = poissonBatches(size, privacy.rate, uniformOf(seededWords(7, 'private/batches', 1, job.round)))
    const draws = Array.from({ length: steps }, () => drawn.next().value.length)
    // Of the second model no more rows fit into a pass: a larger draw is of no kind.
    const most = 72
    for (const [each, limit] of [
      [model, 256],
      [{ ...model, activations: 2 ** 26 / most - 1 }, most],
    ] as const) {
      const shapes = draws.map(draw => batchShape(draw, size, privacy.rate, limit))
      const ofOnePass = shapes.filter(({ passes }) => passes === 1).map(({ rows }) => rows)
      const kinds = new Set(ofOnePass).size
      expect(kinds).toBeGreaterThan(1)
      expect(ofOnePass.length < steps).toBe(each !== model)
      const programs = new Programs()
      const inLoop = await trained({ model: each, job }, programs)
      expect(inLoop).toMatchObject({ steps, stepsInLoop: ofOnePass.length - kinds })
      expectNear(inLoop.parameters, (await trained({ model: each, job })).parameters)
      expect(await trained({ model: each, job }, programs)).toEqual(inLoop)
      programs.dispose()
    }
    model.dispose()
  })
})
