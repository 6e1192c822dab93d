import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadDataset, type Objective, partition, type Samples, type Standardisation } from '../../src/data/index.js'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { createLearnerPool, type LearnerPool, type LocalPlan, modelSchema } from '../../src/learner/index.js'
import { buildModel } from '../../src/learner/models/model.js'
import { type Targets, targetsOf, targetTensor } from '../../src/learner/targets.js'
import { tf } from '../../src/learner/tensorflow.js'
import { random } from '../../src/random.js'

beforeAll(async () => {
  await loadWasm()
})

const plan: LocalPlan = {
  length: { epochs: 5 },
  batch: 16,
  learningRate: 0.05,
  rules: [{ rule: 'momentum', factor: 0.9 }],
}
const none: Standardisation = {
  mean: new Float32Array(3),
  std: new Float32Array(3).fill(1),
  target: { mean: 100, std: 20 },
}
const regression: Objective = { kind: 'regression', target: 'y' }

const shared = (values: ArrayLike<number>): Float32Array => {
  const array = new Float32Array(new SharedArrayBuffer(values.length * 4))
  array.set(values)
  return array
}

/** Numbers with a linear rule, and a little noise. */
function numbers(seed: number, size: number): Samples {
  const draw = random(seed, 'objective test')
  const inputs = shared(Array.from({ length: size * 3 }, () => draw.uniform() * 2 - 1))
  const rule = (i: number): number => 30 * inputs[i * 3]! - 20 * inputs[i * 3 + 2]! + 100 + draw.uniform()
  return {
    inputs,
    labels: new Int32Array(new SharedArrayBuffer(size * 4)),
    targets: shared(Array.from({ length: size }, (_, i) => rule(i))),
    size,
  }
}

const reference = (samples: Samples, standardisation = none) => ({ key: 0, ...samples, standardisation })

/** The sums of a model's outputs, which must be the same beside another model's. */
function tallied(targets: Targets, outputs: Tensor2D, wanted: Tensor2D): number[] {
  const other = tf.sub(1, outputs) as Tensor2D
  const [sums, ofOther] = [outputs, other].map(one => [...targets.tally(tf.expandDims(one), wanted).dataSync()])
  const both = [...targets.tally(tf.stack([outputs, other]) as Tensor3D, wanted).dataSync()]
  for (const [i, sum] of [...sums!, ...ofOther!].entries()) {
    expect(Math.abs(both[i]! - sum)).toBeLessThanOrEqual(1e-6 * Math.abs(sum))
  }
  return sums!
}

/** The gradients that are written out must be those of the tape. */
function expectGradients(targets: Targets, outputs: Tensor2D, wanted: Tensor2D): void {
  const taped = tf.grad(x => tf.sum(targets.losses(x as Tensor2D, wanted)))(outputs)
  const [losses, gradients] = targets.withGradients(outputs, wanted)
  const expected = taped.dataSync()
  for (const [i, value] of gradients.dataSync().entries()) expect(value).toBeCloseTo(expected[i]!, 5)
  expect(tallied(targets, outputs, wanted)[0]).toBeCloseTo(
    [...losses.dataSync()].reduce((sum, loss) => sum + loss, 0),
    3,
  )
}

describe('a class to predict', () => {
  it('is judged by the share of right answers, and by the mean F1 of the classes that occur', () => {
    const classes = 4
    const pairs = fc.array(fc.tuple(fc.nat(classes - 1), fc.nat(classes - 1)), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(pairs, pairs => {
        const f1 = Array.from({ length: classes }, (_, k) => {
          const count = (is: (pair: readonly [number, number]) => boolean): number => pairs.filter(is).length
          const hits = count(([said, so]) => said === k && so === k)
          const [precision, recall] = [hits / count(([said]) => said === k), hits / count(([, so]) => so === k)]
          if (Number.isNaN(precision) && Number.isNaN(recall)) return undefined
          return hits === 0 ? 0 : (2 * precision * recall) / (precision + recall)
        }).filter(score => score !== undefined)
        tf.tidy(() => {
          const labels = Int32Array.from(pairs, ([, so]) => so)
          const targets = targetsOf(
            { kind: 'classification' },
            reference({ ...numbers(3, labels.length), labels }),
            [3],
            classes,
          )
          const wanted = targetTensor(labels.length, targets, targets.write)
          const outputs = tf.mul(
            tf.oneHot(
              pairs.map(([said]) => said),
              classes,
            ),
            3,
          ) as Tensor2D
          const { accuracy, macroF1 } = targets.measure(tallied(targets, outputs, wanted), labels.length)
          expect(accuracy).toBeCloseTo(pairs.filter(([said, so]) => said === so).length / pairs.length, 6)
          expect(macroF1).toBeCloseTo(f1.reduce((a, b) => a + b, 0) / f1.length, 6)
        })
      }),
      { numRuns: 50 },
    )
  })

  it('has a low macro-F1 where only the commonest class is ever said', () => {
    tf.tidy(() => {
      const labels = Int32Array.of(0, 1, 1, 1)
      const targets = targetsOf({ kind: 'classification' }, reference({ ...numbers(3, 4), labels }), [3], 2)
      const wanted = targetTensor(4, targets, targets.write)
      const sums = tallied(targets, tf.tensor2d([0, 1, 0, 1, 0, 1, 0, 1], [4, 2]), wanted)
      expect(targets.measure(sums, 4)).toMatchObject({ accuracy: 0.75, macroF1: 6 / 7 / 2, rarestRecall: 0 })
    })
  })
})

describe('a number to predict', () => {
  it('is learned in its own units, by R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)²', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 3, maxLength: 20 }), errors => {
        const samples = numbers(1, errors.length)
        const y = [...samples.targets!]
        const mean = y.reduce((sum, value) => sum + value, 0) / y.length
        const spread = y.reduce((sum, value) => sum + (value - mean) ** 2, 0)
        const before = tf.memory().numTensors
        tf.tidy(() => {
          const targets = targetsOf(regression, reference(samples), [3], 1)
          const wanted = targetTensor(y.length, targets, targets.write)
          expect(wanted.dataSync()[0]).toBeCloseTo((y[0]! - 100) / 20, 4)
          const outputs = tf.tensor2d(
            y.map((value, i) => (value + errors[i]! - 100) / 20),
            [y.length, 1],
          )
          const sums = tallied(targets, outputs, wanted)
          const expected = 1 - errors.reduce((sum, error) => sum + error ** 2, 0) / spread
          expect(targets.measure(sums, y.length).accuracy).toBeCloseTo(expected, 1)
          expectGradients(targets, outputs, wanted)
        })
        expect(tf.memory().numTensors).toBe(before)
      }),
      { numRuns: 30 },
    )
  })

  it('that never varies has an R² of 0, not of infinity', () => {
    const flat = { ...numbers(1, 4), targets: shared([100, 100, 100, 100]) }
    const targets = targetsOf(regression, reference(flat), [3], 1)
    expect(targets.measure([0.1, 0, 0, 0.2], 4)).toMatchObject({ accuracy: 0 })
  })

  // On the native backends side by side, on wasm one by one.
  it.each(['wasm', 'auto'] as const)('is learned on %s', async backend => {
    const models = [{ model: modelSchema.parse({ kind: 'mlp', hidden: [8] }), inputShape: [3] }]
    const init = { backend, workers: 1, models, classes: 1, objective: regression, seed: 1 }
    const pool = await createLearnerPool(init)
    try {
      const [model] = pool.models
      expect(model.layout.tensors.at(-1)!.shape).toEqual([1])
      const peers = [1, 2, 3, 4].map(seed => ({ samples: numbers(seed, 64), standardisation: none }))
      const learners = model.learners(peers).map(learner => ({ learner, x: model.initialParameters() }))
      const test = numbers(9, 50)
      const before = await model.evaluate(learners[0]!.x, test, none)
      await Promise.all(learners.map(({ learner, x }) => learner.train(x, 0, { ...plan, length: { epochs: 15 } })))
      for (const { x } of learners) {
        const after = await model.evaluate(x, test, none)
        expect(after.loss).toBeLessThan(before.loss)
        expect(after.accuracy).toBeGreaterThan(0.9)
      }
      const { targets, ...without } = test
      await expect(model.evaluate(learners[0]!.x, without, none)).rejects.toThrow('50 samples without 1 targets each')
    } finally {
      await pool.close()
    }
  })
})

describe('images to restore', () => {
  const objective: Objective = { kind: 'super-resolution', factor: 2 }
  const shape = [8, 8, 1]
  let pool: LearnerPool
  beforeAll(async () => {
    const models = [{ model: modelSchema.parse({ kind: 'sr', channels: [8] }), inputShape: shape }]
    pool = await createLearnerPool({ backend: 'wasm', workers: 1, models, classes: 1, objective, seed: 1 })
  }, 60_000)
  afterAll(() => pool.close())

  it('are judged by the mean of their PSNR in pixels', () => {
    const pixels = new Uint8Array(new SharedArrayBuffer(2 * 64)).fill(128)
    const samples: Samples = { inputs: pixels, labels: new Int32Array(2), targets: pixels, size: 2 }
    const standardisation = { mean: new Float32Array([0.5]), std: new Float32Array([0.25]) }
    tf.tidy(() => {
      const targets = targetsOf(objective, reference(samples, standardisation), shape, 1)
      expect([targets.shape, targets.width]).toEqual([shape, 64])
      const wanted = targetTensor(2, targets, targets.write)
      // One image off by 0.1 everywhere, 20 dB; one as it is, which counts as 100 dB.
      const outputs = tf.add(wanted, tf.tensor2d([0.4, 0], [2, 1])) as Tensor2D
      const sums = tallied(targets, outputs, wanted)
      expect(targets.measure(sums, 2).accuracy).toBeCloseTo(60, 2)
      expectGradients(targets, outputs, wanted)
    })
  })

  it('become better than what is seen of them', async () => {
    const [model] = pool.models
    expect(model.cut()).toEqual({
      featureShape: [8, 8, 9],
      head: [
        {
          kind: 'conv2d',
          name: 'output',
          kernel: 'output/kernel',
          bias: 'output/bias',
          activation: 'linear',
          strides: [1, 1],
          padding: 'same',
        },
      ],
    })
    const whole = await loadDataset({ set: 'pneumoniamnist', superResolution: 2 }, 1)
    const [shard] = partition(whole, { kind: 'iid' }, 40, 1)
    const models = [{ model: modelSchema.parse({ kind: 'sr', channels: [8] }), inputShape: whole.inputShape }]
    const own = await createLearnerPool({ backend: 'wasm', workers: 1, models, classes: 1, objective, seed: 1 })
    try {
      const [sr] = own.models
      const x = sr.initialParameters()
      const learner = sr.learner(shard!, 0)
      const before = await learner.evaluate(x, shard!.samples)
      await learner.train(x, 0, { ...plan, length: { epochs: 10 }, rules: [{ rule: 'clip', limit: 1 }, ...plan.rules] })
      const after = await learner.evaluate(x, shard!.samples)
      expect(after.accuracy).toBeGreaterThan(before.accuracy + 3)
      const memory = await own.memory()
      await learner.train(x, 1, { ...plan, length: { epochs: 1 } })
      await learner.evaluate(x, shard!.samples)
      expect(await own.memory()).toEqual(memory)
      await expect(learner.train(x, 0, { ...plan, augment: { crop: 1, flip: true } })).rejects.toThrow(
        'does not go with data.superResolution',
      )
    } finally {
      await own.close()
    }
  })

  it('and classes are not taken for each other by a model', async () => {
    await expect(buildModel(modelSchema.parse('sr'), shape, 2, 1)).rejects.toThrow('sr restores images')
    await expect(buildModel(modelSchema.parse('cnn'), shape, shape, 1)).rejects.toThrow('cnn classifies')
    const model = await buildModel(modelSchema.parse('sr'), [28, 28, 1], [28, 28, 1], 1)
    expect(model.layout.size).toBe(320 + 4624 + 154)
    model.dispose()
  })
})
