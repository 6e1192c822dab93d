import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { type DeviceModel, type InputSource, tf } from '../../src/learner/device.js'
import type { HeadLayer, LocalPlan } from '../../src/learner/index.js'
import { ruleBook } from '../../src/learner/rules/index.js'
import { targetsOf } from '../../src/learner/targets.js'
import { evaluate, predict } from '../../src/mixture/evaluate.js'
import { geometryOf } from '../../src/mixture/geometry.js'
import { runHeads } from '../../src/mixture/head.js'
import { ownHead } from '../../src/mixture/objective.js'
import type { MixtureSettings } from '../../src/mixture/spec.js'
import { train } from '../../src/mixture/train.js'
import type { MixtureTraining } from '../../src/mixture/training.js'
import { createMixtureWeights, transformOf } from '../../src/mixture/weights.js'
import { random } from '../../src/random.js'
import { allocate, headSection, layoutOf } from '../../src/tensors/index.js'
import { type PresentBackend, presentBackends } from '../learner/backends.js'
import { numbers, settingsOf } from './nets.js'

/*
 * A dense task: maps in, maps out. The body is a convolution with ReLU, the head two convolutions.
 */

let backends: PresentBackend[] = []
beforeAll(async () => {
  // Convolutions take minutes where WebGPU computes on the CPU.
  backends = (await presentBackends()).filter(({ name }) => name !== 'webgpu')
}, 120_000)

const [height, width, channels, outputs] = [6, 5, 4, 1]
const layout = layoutOf([
  { name: 'body/kernel', shape: [3, 3, 1, channels] },
  { name: 'first/kernel', shape: [3, 3, channels, 3] },
  { name: 'first/bias', shape: [3] },
  { name: 'output/kernel', shape: [1, 1, 3, outputs] },
  { name: 'output/bias', shape: [outputs] },
])
const conv = (name: string, activation: 'relu' | 'linear'): HeadLayer => ({
  kind: 'conv2d',
  name,
  kernel: `${name}/kernel`,
  bias: `${name}/bias`,
  strides: [1, 1],
  padding: 'same',
  activation,
})
const cut = { featureShape: [height, width, channels], head: [conv('first', 'relu'), conv('output', 'linear')] }
const head = headSection(layout, 'first')

/** A model as the learner builds them, of plain operations. */
function mapModel(): DeviceModel {
  const variables = layout.tensors.map(({ shape }) => tf.tidy(() => tf.variable(tf.zeros([...shape]))))
  const features = (inputs: Tensor): Tensor =>
    tf.tidy(() => tf.relu(tf.conv2d(inputs as Tensor4D, variables[0] as never, 1, 'same')))
  const model: DeviceModel = {
    layout,
    headLayer: 'first',
    layers: [],
    variables,
    trainable: variables,
    tracked: [],
    initial: allocate(layout),
    activations: height * width * (channels + 5),
    shapes: {},
    dense: undefined,
    cut: () => ({
      ...cut,
      features,
      logits: of =>
        tf.tidy(() => tf.squeeze(runHeads(cut.head, ownHead(model, head.layout), tf.expandDims(of)), [0])) as never,
    }),
    logits: () => {
      throw new Error('not asked for')
    },
    seedDropout: () => {},
    dispose: () => tf.dispose(variables),
  }
  return model
}

const size = 24
const places = height * width
const draw = random(1, 'maps')
const inputs = numbers(draw, size * places)
const sourceOf = (): InputSource => {
  const take = (indices: ArrayLike<number>): Tensor => {
    const values = new Float32Array(indices.length * places)
    for (let i = 0; i < indices.length; i++) {
      values.set(inputs.subarray(indices[i]! * places, (indices[i]! + 1) * places), i * places)
    }
    return tf.tensor(values, [indices.length, height, width, 1])
  }
  return {
    take,
    whole: () => undefined,
    slice: (start, count) => take(Array.from({ length: count }, (_, i) => start + i)),
    augmented: () => {
      throw new Error('not asked for')
    },
  }
}
/** Faint negatives of the inputs, in the place of whole images. */
const images = inputs.map(value => 0.5 - 0.4 * value)
const targets = targetsOf(
  { kind: 'super-resolution', factor: 1 },
  {
    key: 0,
    inputs,
    targets: images,
    labels: new Int32Array(size),
    size,
    standardisation: { mean: new Float32Array([0.5]), std: new Float32Array([0.25]) },
  },
  [height, width, 1],
  1,
)
const plan: LocalPlan = {
  length: { epochs: 1 },
  batch: 5,
  learningRate: 0.05,
  rules: [{ rule: 'momentum', factor: 0.5 }],
}

function jobOf(model: DeviceModel, changed: Partial<MixtureSettings> = {}): MixtureTraining {
  const start = random(2, 'start')
  const settings = settingsOf({
    task: 'values',
    epochs: 6,
    learningRate: 0.1,
    momentum: 0.5,
    projection: 3,
    ...changed,
  })
  const geometry = geometryOf(cut, layout)
  const weights = createMixtureWeights(geometry.widths, settings, { seed: 1, peer: 0 })
  const heads = [0, 1, 2].map(() => numbers(start, head.layout.size))
  return {
    model,
    geometry,
    parameters: numbers(start, layout.size),
    source: sourceOf(),
    targets,
    size,
    heads,
    weights: { ...weights, transforms: heads.flatMap((_, j) => transformOf(weights, `peer-${j}`) ?? []) },
    settings,
    plan,
    book: ruleBook(),
    localShare: 0.5,
    seed: 3,
    peer: 0,
    round: 0,
  }
}

const cases: [string, Partial<MixtureSettings>][] = [
  ['', {}],
  [', with the own head', { trainHead: true }],
  [', jointly', { schedule: 'joint' }],
  [', jointly with the own head', { schedule: 'joint', trainHead: true }],
  [', jointly without transforms', { schedule: 'joint', transform: false }],
  [' by the mean', { gate: 'mean' }],
]

describe('a mixture that predicts maps', () => {
  it.each(cases)('learns on all backends%s, and leaves no tensor behind', async (_, changed) => {
    expect(backends.length).toBeGreaterThan(0)
    const losses: number[] = []
    for (const backend of backends) {
      await backend.select()
      const model = mapModel()
      const before = tf.memory().numTensors
      const job = jobOf(model, changed)
      const start = (await evaluate({ ...job, graded: false }, () => false))!
      let now = job
      for (let round = 0; round < (changed.schedule === 'joint' ? 8 : 2); round++) {
        const trained = (await train({ ...now, round }, () => false))!
        now = {
          ...now,
          parameters: trained.parameters ?? now.parameters,
          weights: { ...now.weights, values: trained.values, transforms: trained.transforms },
        }
        expect(trained.gate.reduce((a, b) => a + b)).toBeCloseTo(1, 4)
      }
      const end = (await evaluate({ ...now, graded: true }, () => false))!
      expect(end.mixture.loss).toBeLessThan(start.mixture.loss)
      expect(end.experts).toHaveLength(3)
      expect(end.mixture.accuracy).toBeGreaterThan(start.mixture.accuracy)
      losses.push(end.mixture.loss)
      const answer = (await predict(now, () => false))!
      expect([answer.outputs.length, answer.weights.length]).toEqual([size * places, size * 4])
      const error = answer.outputs.reduce((sum, value, i) => sum + (value - (images[i]! - 0.5) / 0.25) ** 2, 0)
      expect(error / images.length).toBeCloseTo(end.mixture.loss, 4)
      expect(tf.memory().numTensors).toBe(before)
      model.dispose()
    }
    for (const loss of losses) expect(Math.abs(loss / losses[0]! - 1)).toBeLessThan(1e-2)
  })

  it('varies inputs as the manifest says, each batch by a draw of its own, the same twice', async () => {
    await backends[0]!.select()
    const model = mapModel()
    const source = sourceOf()
    const drawn: number[][] = []
    const varied: InputSource = {
      ...source,
      take: () => {
        throw new Error('as they are')
      },
      augmented(indices, _, draw) {
        drawn.at(-1)!.push(draw.integer(2 ** 30))
        return tf.tidy(() => tf.reverse(source.take(indices), 2))
      },
    }
    const augment = { crop: 1, flip: false }
    const before = tf.memory().numTensors
    // The mixture's own word, or, where it has none, that of local training.
    const ownWord = jobOf(model, { augment })
    const word = { ...jobOf(model), plan: { ...plan, augment } }
    const outcomes = []
    for (const job of [ownWord, ownWord]) {
      drawn.push([])
      outcomes.push(await train({ ...job, source: varied }, () => false))
    }
    expect(outcomes[0]).toEqual(outcomes[1])
    expect(outcomes[0]).not.toEqual(await train(jobOf(model), () => false))
    expect(drawn[0]).toEqual(drawn[1])
    expect(new Set(drawn[0]).size).toBe(outcomes[0]!.steps)
    expect(tf.memory().numTensors).toBe(before)
    await expect(train({ ...word, source: varied }, () => false)).rejects.toThrow(
      'does not go with data.superResolution',
    )
    model.dispose()
  })

  it('gives the same bits twice', async () => {
    await backends[0]!.select()
    const model = mapModel()
    const run = async (peer: number) => train({ ...jobOf(model), peer }, () => false)
    expect(await run(0)).toEqual(await run(0))
    expect(await run(1)).not.toEqual(await run(0))
    model.dispose()
  })

  it('ends when it is aborted, at any step, and leaves no tensor behind', async () => {
    await backends[0]!.select()
    const model = mapModel()
    const before = tf.memory().numTensors
    for (const schedule of ['alternate', 'joint'] as const) {
      for (const at of [0, 1, 3]) {
        let asked = 0
        expect(await train(jobOf(model, { schedule }), () => asked++ === at)).toBeUndefined()
        expect(tf.memory().numTensors).toBe(before)
      }
    }
    expect(await evaluate({ ...jobOf(model), graded: true }, () => true)).toBeUndefined()
    expect(await predict(jobOf(model), () => true)).toBeUndefined()
    expect(tf.memory().numTensors).toBe(before)
    model.dispose()
  })

  it('needs samples', async () => {
    await backends[0]!.select()
    const model = mapModel()
    await expect(train({ ...jobOf(model), size: 0 }, () => false)).rejects.toThrow('there are no samples to train on')
    expect((await evaluate({ ...jobOf(model), size: 0, graded: true }, () => false))!.mixture.loss).toBe(0)
    model.dispose()
  })
})
