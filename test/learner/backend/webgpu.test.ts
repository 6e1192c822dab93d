import type { LayersModel } from '@tensorflow/tfjs-layers'
import { afterAll, describe, expect, it } from 'vitest'
import type { Samples, Standardisation } from '../../../src/data/dataset.js'
import { closeBackend, loadBackend } from '../../../src/learner/backend/load.js'
import { createLearnerPool, type LocalPlan, type ModelSpec } from '../../../src/learner/index.js'
import { GroupNormalization } from '../../../src/learner/models/layers/group-normalization.js'
import { layers, tf } from '../../../src/learner/tensorflow.js'
import { random } from '../../../src/random.js'

/*
 * WebGPU against wasm on tiny shapes. Any adapter will do, a software one too: a step takes it a second there.
 */

const reason = await loadBackend('webgpu', 0).then(
  () => undefined,
  (error: Error) => error.message,
)
if (reason !== undefined) console.log(`WebGPU is not tested: ${reason}`)
afterAll(closeBackend)

/** 1e-4 relative to the largest number of a tensor: what single precision leaves of sums in another order. */
const tolerance = 1e-4

function numbers(seed: number, length: number): Float32Array {
  const draw = random(seed, 'webgpu test')
  return Float32Array.from({ length }, () => draw.uniform() * 2 - 1)
}

function expectClose(actual: Float32Array, expected: Float32Array, what: string): void {
  expect(actual.length, what).toBe(expected.length)
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6)
  const worst = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0)
  expect(worst / largest, what).toBeLessThan(tolerance)
}

const image = [2, 6, 7, 3]
const table = [4, 5]
const make = layers.layers
type Layer = LayersModel['layers'][number]

const cases: Record<string, [shape: number[], layer: () => Layer]> = {
  'dense, rectified': [table, () => make.dense({ units: 4, activation: 'relu' })],
  'dense, wide': [[3, 70], () => make.dense({ units: 33, activation: 'tanh' })],
  'convolution 3×3, same': [image, () => make.conv2d({ filters: 4, kernelSize: 3, padding: 'same' })],
  'convolution 3×3, stride 2': [
    image,
    () => make.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }),
  ],
  'convolution 5×5, valid': [image, () => make.conv2d({ filters: 2, kernelSize: 5, activation: 'tanh' })],
  'convolution 1×1, stride 2': [image, () => make.conv2d({ filters: 8, kernelSize: 1, strides: 2 })],
  'max pooling': [image, () => make.maxPooling2d({ poolSize: 2 })],
  'max pooling, overlapping': [image, () => make.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })],
  'average pooling': [image, () => make.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same' })],
  'global average pooling': [image, () => make.globalAveragePooling2d({})],
  'global max pooling': [image, () => make.globalMaxPooling2d({})],
  'batch normalisation of images': [image, () => make.batchNormalization({})],
  'batch normalisation of a table': [table, () => make.batchNormalization({})],
  'layer normalisation': [table, () => make.layerNormalization({})],
  'group normalisation': [[2, 4, 3, 6], () => new GroupNormalization({ groups: 3 })],
  'zero padding': [image, () => make.zeroPadding2d({ padding: [1, 2] })],
  'leaky ReLU': [table, () => make.leakyReLU({})],
  ELU: [table, () => make.elu({})],
  softmax: [table, () => make.softmax({})],
  dropout: [table, () => make.dropout({ rate: 0.4, seed: 7 })],
  sigmoid: [table, () => make.activation({ activation: 'sigmoid' })],
}

/** A layer's output in training, the gradients of its input and weights, and its running statistics. */
async function passes(
  backend: 'wasm' | 'webgpu',
  shape: number[],
  layer: () => Layer,
): Promise<Map<string, Float32Array>> {
  await loadBackend(backend, 0)
  const before = tf.memory().numTensors
  const input = layers.input({ shape: shape.slice(1) })
  const model = layers.model({ inputs: input, outputs: layer().apply(input) as typeof input })
  const weights = model.weights.map(weight => weight.read() as ReturnType<typeof tf.variable>)
  tf.tidy(() => {
    for (const [i, weight] of weights.entries()) {
      // Variances must be positive, and a scale far from zero.
      weight.assign(
        tf.tensor(
          numbers(i, weight.size).map(value => 1.5 + value),
          weight.shape,
        ),
      )
    }
  })
  const x = tf.tidy(() => tf.variable(tf.tensor(numbers(100, tf.util.sizeFromShape(shape)), shape)))
  let output = x as ReturnType<typeof tf.tensor>
  const { value, grads } = tf.variableGrads(() => {
    const y = model.apply(x, { training: true }) as typeof output
    output = tf.keep(y.clone())
    return tf.sum(tf.mul(y, tf.tensor(numbers(200, y.size), y.shape)))
  }, [x, ...weights.filter(weight => weight.trainable)])
  const results = new Map<string, Float32Array>([['output', (await output.data()) as Float32Array]])
  for (const [i, variable] of [x, ...weights].entries()) {
    const gradient = grads[variable.name]
    if (gradient !== undefined) results.set(`gradient ${i}`, (await gradient.data()) as Float32Array)
    results.set(`value ${i}`, (await variable.data()) as Float32Array)
  }
  tf.dispose([value, grads, output, x])
  model.dispose()
  tf.dispose(weights)
  expect(tf.memory().numTensors, 'tensors left').toBe(before)
  return results
}

describe.skipIf(reason !== undefined)('on WebGPU', () => {
  it.each(Object.keys(cases))('%s: output and gradients as on wasm', async name => {
    const expected = await passes('wasm', ...cases[name]!)
    const actual = await passes('webgpu', ...cases[name]!)
    expect([...actual.keys()]).toEqual([...expected.keys()])
    expect(actual.size).toBeGreaterThan(2)
    for (const [what, values] of expected) expectClose(actual.get(what)!, values, what)
  })

  it('max pooling sends its gradient to the first of equal values, as everywhere', async () => {
    const ties = Float32Array.from({ length: 2 * 6 * 6 * 2 }, (_, i) => Math.round(Math.sin(i * 12.9898)))
    const gradients = async (backend: 'wasm' | 'webgpu'): Promise<Float32Array[]> => {
      await loadBackend(backend, 0)
      const found: Float32Array[] = []
      for (const [size, stride, pad] of [
        [2, 2, 'valid'],
        [3, 1, 'valid'],
        [3, 2, 'same'],
      ] as const) {
        const x = tf.tensor4d(ties, [2, 6, 6, 2])
        const gradient = tf.grad(a => tf.maxPool(a as typeof x, size, stride, pad))(x)
        found.push((await gradient.data()) as Float32Array)
        tf.dispose([x, gradient])
      }
      return found
    }
    expect(await gradients('webgpu')).toEqual(await gradients('wasm'))
  })

  it('an error of the device is an error here, not zeros', async () => {
    // Last on this device: nothing is read from it any more.
    await loadBackend('webgpu', 0)
    const backend = tf.backend() as unknown as { device: { createBuffer(options: object): unknown } }
    const x = tf.tensor1d([1, 2])
    const y = tf.square(x)
    backend.device.createBuffer({ size: 2 ** 52, usage: 0x80 })
    await expect(y.data()).rejects.toThrow('WebGPU: ')
    tf.dispose([x, y])
  })
})

const size = 12
const none: Standardisation = { mean: new Float32Array(1), std: new Float32Array([1]) }

function samples(): Samples {
  const inputs = new Float32Array(new SharedArrayBuffer(size * 64 * 4))
  inputs.set(numbers(7, inputs.length))
  const labels = new Int32Array(new SharedArrayBuffer(size * 4))
  for (let i = 0; i < size; i++) labels[i] = i % 3
  return { inputs, labels, size }
}

describe.skipIf(reason !== undefined)('a pool on WebGPU', () => {
  const plan: LocalPlan = {
    length: { epochs: 1 },
    batch: 4,
    learningRate: 0.1,
    rules: [
      { rule: 'sam', rho: 0.05, adaptive: false },
      { rule: 'clip', limit: 5 },
      { rule: 'weightDecay', factor: 1e-3 },
      { rule: 'momentum', factor: 0.9 },
    ],
  }

  it('trains in one worker as wasm does, twice to the same bits, holds no more tensors, and ends', async () => {
    const trained = new Map<string, Float32Array[]>()
    for (const backend of ['wasm', 'webgpu'] as const) {
      const model: ModelSpec = { kind: 'cnn', channels: [4], hidden: 8, head: 'output' }
      const pool = await createLearnerPool({ backend, models: [{ model, inputShape: [8, 8, 1] }], classes: 3, seed: 5 })
      try {
        expect(pool.backend.name).toBe(backend)
        expect(pool.backend.device.name).not.toBe('')
        if (backend === 'webgpu') expect(pool.workers).toBe(1)
        const learner = pool.models[0].learner({ samples: samples(), standardisation: none }, 0)
        const train = async (): Promise<Float32Array> => {
          const x = pool.models[0].initialParameters()
          await learner.train(x, 0, plan)
          return x
        }
        const [first, before] = [await train(), await pool.memory()]
        trained.set(backend, [first, await train()])
        expect(await pool.memory()).toEqual(before)
      } finally {
        await pool.close()
      }
    }
    const [expected] = trained.get('wasm')!
    const [actual, again] = trained.get('webgpu')!
    expectClose(actual!, expected!, 'parameters')
    expect(again).toEqual(actual)
  }, 240_000)

  it('can be closed in the middle of a training', async () => {
    const model: ModelSpec = { kind: 'logistic', head: 'output' }
    const pool = await createLearnerPool({
      backend: 'webgpu',
      models: [{ model, inputShape: [8, 8, 1] }],
      classes: 3,
      seed: 5,
    })
    const learner = pool.models[0].learner({ samples: samples(), standardisation: none }, 0)
    const job = learner.train(pool.models[0].initialParameters(), 0, { ...plan, length: { epochs: 10_000 } })
    const rejected = expect(job).rejects.toThrow('closed')
    setTimeout(() => void pool.close(), 500)
    await rejected
    await pool.close()
  }, 120_000)
})
