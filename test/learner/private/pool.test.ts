import { afterAll, beforeAll, expect, it } from 'vitest'
import { createLearnerPool, type LearnerPool, type LocalPlan, type ModelChoice } from '../../../src/learner/index.js'
import { random } from '../../../src/random.js'
import { layer } from '../topologies.js'

const file = { kind: 'file', path: 'model.json', head: 'output' } as const
const topology = layer('Sequential', {
  name: 'mixing',
  layers: [
    layer('InputLayer', { name: 'input', batch_input_shape: [null, 8] }),
    layer('BatchNormalization', { name: 'mixing' }),
    layer('Dense', { name: 'output', units: 2 }),
  ],
})

let pool: LearnerPool
beforeAll(async () => {
  const models: ModelChoice[] = [
    // A chain of dense layers, which plain steps take side by side.
    { model: { kind: 'mlp', hidden: [6], head: 'output' }, inputShape: [8] },
    { model: file, inputShape: [8], topology },
  ]
  pool = await createLearnerPool({ backend: 'wasm', workers: 1, models, classes: 2, seed: 5 })
}, 60_000)
afterAll(() => pool.close())

const size = 60
const draw = random(1, 'private pool')
const inputs = new Float32Array(new SharedArrayBuffer(4 * 8 * size))
const labels = new Int32Array(new SharedArrayBuffer(4 * size))
for (let i = 0; i < inputs.length; i++) inputs[i] = draw.uniform()
for (let i = 0; i < size; i++) labels[i] = draw.integer(2)
const data = {
  samples: { inputs, labels, size },
  standardisation: { mean: new Float32Array(8), std: new Float32Array(8).fill(1) },
}
const plan: LocalPlan = {
  length: { epochs: 2 },
  batch: 8,
  learningRate: 0.1,
  rules: [],
  privacy: { clip: 0.1, noise: 1, rate: 0.1, seeded: true },
}

it('a pool trains by private steps, and reports how long the gradients were', async () => {
  const [model] = pool.models
  model.checkPrivacy()
  const x = model.initialParameters()
  const report = await model.learner(data, 0).train(x, 0, plan)
  expect(report.steps).toBe(20)
  expect(report.gradients!.median).toBeGreaterThan(0.1)
  expect(report.gradients!.clipped).toBeGreaterThan(0.9)
  const { privacy: _, ...plain } = plan
  expect((await model.learner(data, 0).train(model.initialParameters(), 0, plain)).gradients).toBeUndefined()
})

it('a pool refuses private steps of a model that mixes samples, by the name of the layer', async () => {
  const mixing = pool.models[1]!
  expect(() => mixing.checkPrivacy()).toThrow('layer "mixing" is a BatchNormalization')
  const x = mixing.initialParameters()
  await expect(mixing.learner(data, 1).train(x, 0, plan)).rejects.toThrow('layer "mixing" is a BatchNormalization')
})
