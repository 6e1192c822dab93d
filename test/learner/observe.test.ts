import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Samples, Standardisation } from '../../src/data/dataset.js'
import { batches } from '../../src/learner/batches.js'
import { createLearnerPool, type LearnerPool, type PoolModel } from '../../src/learner/index.js'
import { random } from '../../src/random.js'

const seed = 5
const size = 30
const batch = 8
const width = 3
const none: Standardisation = { mean: new Float32Array(1), std: new Float32Array([1]) }

const layer = (class_name: string, config: object) => ({ class_name, config })
const topologyOf = (...layers: object[]) => ({
  class_name: 'Sequential',
  config: {
    name: 'model',
    layers: [layer('InputLayer', { name: 'in', batch_input_shape: [null, width] }), ...layers],
  },
})
const dense = layer('Dense', { name: 'out', units: 2 })
const choices = [
  topologyOf(layer('BatchNormalization', { name: 'norm' }), dense),
  topologyOf(layer('BatchNormalization', { name: 'norm', trainable: false }), dense),
  topologyOf(layer('Dense', { name: 'first', units: 4 }), dense),
]
const head = ['norm', 'out', 'out']

const samples: Samples = {
  inputs: new Float32Array(new SharedArrayBuffer(4 * size * width)),
  labels: new Int32Array(new SharedArrayBuffer(4 * size)),
  size,
}
const draw = random(seed, 'samples')
for (let i = 0; i < size * width; i++) (samples.inputs as Float32Array)[i] = draw.integer(1000) / 100

let pool: LearnerPool
let models: readonly PoolModel[]
beforeAll(async () => {
  pool = await createLearnerPool({
    ...{ backend: 'wasm', workers: 1, classes: 2, seed },
    models: choices.map((topology, i) => ({
      model: { kind: 'file', path: 'model.json', head: head[i]! },
      inputShape: [width],
      topology,
    })),
  })
  models = pool.models
}, 60_000)
afterAll(() => pool.close())

const placeOf = ({ layout }: PoolModel, name: string) => layout.tensors.find(tensor => tensor.name === name)!
const numbersOf = (model: PoolModel, parameters: Float32Array, name: string): number[] => {
  const { offset, size } = placeOf(model, name)
  return [...parameters.subarray(offset, offset + size)]
}
/** Anything but what is to come of it. */
const begun = (model: PoolModel): Float32Array => {
  const parameters = model.initialParameters()
  for (let k = 0; k < parameters.length; k++) parameters[k] = 100 + k
  return parameters
}
const whole = ({ layout }: PoolModel) => ({ batch, part: { start: 0, end: layout.size } })

/** By hand: mean and variance of each batch of one pass, and the mean of those. */
function expected(peer: number, round: number): { mean: number[]; variance: number[] } {
  const all = [...batches({ size, batch, seed, peer, round, length: { epochs: 1 } })]
  const ofBatch = (indices: Int32Array, column: number): [number, number] => {
    const values = [...indices].map(row => samples.inputs[row * width + column]!)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length]
  }
  const meanOf = (which: 0 | 1, column: number): number =>
    all.reduce((sum, indices) => sum + ofBatch(indices, column)[which], 0) / all.length
  const columns = [0, 1, 2]
  return { mean: columns.map(column => meanOf(0, column)), variance: columns.map(column => meanOf(1, column)) }
}

describe('the statistics of batch normalisation', () => {
  it('are the mean of those of all batches of one pass, whatever they were, and nothing else changes', async () => {
    const [model] = models as [PoolModel]
    const [parameters, before] = [begun(model), begun(model)]
    await model.learner({ samples, standardisation: none }, 2).observe(parameters, 7, whole(model))
    const { mean, variance } = expected(2, 7)
    for (const [name, values] of [
      ['norm/moving_mean', mean],
      ['norm/moving_variance', variance],
    ] as const) {
      for (const [i, value] of numbersOf(model, parameters, name).entries()) expect(value).toBeCloseTo(values[i]!, 4)
    }
    for (const { name } of model.layout.tensors) {
      if (!name.startsWith('norm/moving')) {
        expect(numbersOf(model, parameters, name)).toEqual(numbersOf(model, before, name))
      }
    }
  })

  it('are written in the part that is named alone', async () => {
    const [model] = models as [PoolModel]
    const parameters = begun(model)
    const { offset, size: length } = placeOf(model, 'norm/moving_variance')
    const part = { start: offset, end: offset + length }
    await model.learner({ samples, standardisation: none }, 2).observe(parameters, 7, { batch, part })
    const others = begun(model)
    expect(numbersOf(model, parameters, 'norm/moving_mean')).toEqual(numbersOf(model, others, 'norm/moving_mean'))
    expect(numbersOf(model, parameters, 'norm/moving_variance')[0]).toBeCloseTo(expected(2, 7).variance[0]!, 4)
  })

  it('move as the layer’s momentum has it in the training that follows', async () => {
    const [model] = models as [PoolModel]
    const learner = model.learner({ samples, standardisation: none }, 2)
    const train = async (): Promise<Float32Array> => {
      const parameters = model.initialParameters()
      await learner.train(parameters, 0, { length: { epochs: 1 }, batch, learningRate: 0.1, rules: [] })
      return parameters
    }
    const before = await train()
    await learner.observe(begun(model), 7, whole(model))
    expect(await train()).toEqual(before)
  })

  it.each([
    { place: 1, where: 'are frozen' },
    { place: 2, where: 'are not there' },
  ])('stay as they are where they $where', async ({ place }) => {
    const model = models[place]!
    const parameters = begun(model)
    await model.learner({ samples, standardisation: none }, 2).observe(parameters, 7, whole(model))
    expect(parameters).toEqual(begun(model))
  })

  it('stay as they are without samples, and where nobody wants them any more', async () => {
    const [model] = models as [PoolModel]
    const none_ = {
      inputs: new Float32Array(new SharedArrayBuffer(0)),
      labels: new Int32Array(new SharedArrayBuffer(0)),
    }
    const parameters = begun(model)
    await model
      .learner({ samples: { ...none_, size: 0 }, standardisation: none }, 2)
      .observe(parameters, 7, whole(model))
    const learner = model.learner({ samples, standardisation: none }, 2)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(learner.observe(parameters, 7, { ...whole(model), signal })).rejects.toThrow('enough')
    expect(parameters).toEqual(begun(model))
  })

  it('are refused where they are not finite', async () => {
    const [model] = models as [PoolModel]
    const parameters = begun(model).fill(Number.NaN)
    const job = model.learner({ samples, standardisation: none }, 2).observe(parameters, 7, whole(model))
    await expect(job).rejects.toMatchObject({ code: 'DIVERGED' })
  })

  it('leave no tensor behind', async () => {
    const [model] = models as [PoolModel]
    const learner = model.learner({ samples, standardisation: none }, 2)
    await learner.observe(begun(model), 7, whole(model))
    const before = await pool.memory()
    for (let round = 0; round < 3; round++) await learner.observe(begun(model), round, whole(model))
    expect(await pool.memory()).toEqual(before)
  })
})
