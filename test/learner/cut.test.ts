import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Scalar } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { createLearnerPool, type ModelInput, modelSchema } from '../../src/learner/index.js'
import { buildModel, type DeviceModel, upload } from '../../src/learner/models/model.js'
import { tf } from '../../src/learner/tensorflow.js'
import { random } from '../../src/random.js'
import { headSection } from '../../src/tensors/index.js'
import { layerCase } from './layer-cases.js'
import { layer } from './topologies.js'

const keras = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/learner/${name}/model.json`, import.meta.url))

let folder: string
beforeAll(async () => {
  await loadWasm()
  folder = await mkdtemp(join(tmpdir(), 'hearsay-cut-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function withModel(
  input: ModelInput,
  inputShape: readonly number[],
  use: (model: DeviceModel) => void | Promise<void>,
): Promise<void> {
  const model = await buildModel(modelSchema.parse(input), inputShape, 2, 1)
  try {
    upload(model, model.initial)
    await use(model)
  } finally {
    model.dispose()
  }
}

async function file(topology: unknown, name: string): Promise<string> {
  const path = join(folder, `${name}.json`)
  await writeFile(path, JSON.stringify({ modelTopology: topology }))
  return path
}

const sequential = (inputShape: readonly number[], ...body: object[]): object => ({
  class_name: 'Sequential',
  config: {
    name: 'model',
    layers: [{ class_name: 'InputLayer', config: { name: 'in', batch_input_shape: [null, ...inputShape] } }, ...body],
  },
})
const output = layer('Dense', { name: 'out', units: 2 })

/** The two halves, one after the other, are the whole, to the last bit; and nothing but the result is left. */
function expectHalves(model: DeviceModel, inputShape: readonly number[]): void {
  const draw = random(2, 'cut')
  const length = inputShape.reduce((product, axis) => product * axis, 3)
  const inputs = tf.tensor(
    Float32Array.from({ length }, () => draw.uniform() * 2 - 1),
    [3, ...inputShape],
  )
  const { features, logits, featureShape } = model.cut()
  for (const training of [false, true]) {
    model.seedDropout(random(1, 'dropout'))
    const whole = model.logits(inputs, training)
    const before = tf.memory().numTensors
    model.seedDropout(random(1, 'dropout'))
    const middle = tf.tidy(() => features(inputs, training))
    expect(middle.shape).toEqual([3, ...featureShape])
    expect(tf.memory().numTensors).toBe(before + 1)
    const halves = logits(middle, training)
    expect(tf.memory().numTensors).toBe(before + 2)
    expect([...halves.dataSync()]).toEqual([...whole.dataSync()])
    tf.dispose([whole, middle, halves])
    expect(inputs.isDisposed).toBe(false)
  }
  inputs.dispose()
}

describe('a model cut in front of its head', () => {
  it.each([
    ['logistic', [5], [5]],
    ['logistic', [4, 4, 2], [32]],
    ['mlp', [5], [200]],
    [{ kind: 'mlp', hidden: [7, 6], head: 'dense1' }, [5], [5]],
    ['lenet5', [16, 16, 1], [500]],
    [{ kind: 'lenet5', head: 'dense1' }, [16, 16, 1], [50]],
    ['cnn', [8, 8, 3], [32]],
    ['resnet18', [8, 8, 1], [512]],
    ['vgg11', [16, 16, 1], [512]],
    [{ kind: 'resnet18', width: 4 }, [8, 8, 1], [32]],
    [{ kind: 'vgg11', width: 4 }, [16, 16, 1], [32]],
    [{ kind: 'lenet5', features: 6 }, [16, 16, 1], [6]],
    [{ kind: 'resnet18', features: 6 }, [8, 8, 1], [6]],
    [{ kind: 'vgg11', features: 6 }, [16, 16, 1], [6]],
    [{ path: keras('keras-sequential'), head: 'classifier' }, [12, 12, 1], undefined],
    [{ path: keras('keras-functional'), head: 'classifier' }, [12, 12, 1], undefined],
  ] as const)('%j on %j gives features of %j, and its logits from those', (spec, inputShape, featureShape) =>
    withModel(spec as ModelInput, inputShape, model => {
      if (featureShape !== undefined) expect(model.cut().featureShape).toEqual(featureShape)
      expectHalves(model, inputShape)
    }),
  )

  it('is cut once, shares its parameters with the whole, and frees them with it', async () => {
    const before = tf.memory().numTensors
    await withModel('cnn', [8, 8, 1], model => {
      expect(model.cut()).toBe(model.cut())
      upload(
        model,
        model.initial.map(value => value + 0.1),
      )
      expectHalves(model, [8, 8, 1])
    })
    expect(tf.memory().numTensors).toBe(before)
  })

  it('has the gradients of the whole', () =>
    withModel('cnn', [8, 8, 1], model => {
      const inputs = tf.ones([2, 8, 8, 1])
      const { features, logits } = model.cut()
      const gradients = (objective: () => Scalar): number[][] =>
        tf.tidy(() => {
          const { grads } = tf.variableGrads(objective, [...model.trainable])
          return model.trainable.map(({ name }) => [...grads[name]!.dataSync()])
        })
      const whole = gradients(() => tf.sum(tf.square(model.logits(inputs, true))))
      expect(gradients(() => tf.sum(tf.square(logits(features(inputs, true), true))))).toEqual(whole)
      inputs.dispose()
    }))

  it('hands inputs on as tensors of the caller', async () => {
    const topology = sequential([4], layer('Dropout', { name: 'drop', rate: 0.5 }), output)
    await withModel({ path: await file(topology, 'drop'), head: 'out' }, [4], model => expectHalves(model, [4]))
  })
})

describe('the head of a model', () => {
  it('is told layer by layer', async () => {
    await withModel({ kind: 'lenet5', head: 'dense1' }, [16, 16, 1], model =>
      expect(model.cut().head).toEqual([
        { kind: 'dense', name: 'dense1', kernel: 'dense1/kernel', bias: 'dense1/bias', activation: 'relu' },
        { kind: 'dense', name: 'output', kernel: 'output/kernel', bias: 'output/bias', activation: 'linear' },
      ]),
    )
    const topology = sequential(
      [6, 6, 1],
      layer('Conv2D', { name: 'body', filters: 2, kernel_size: [3, 3], padding: 'same' }),
      layer('Conv2D', { name: 'conv', filters: 3, kernel_size: [3, 3], strides: [2, 1], use_bias: false }),
      layer('ReLU', { name: 'relu' }),
      layer('Activation', { name: 'tanh', activation: 'tanh' }),
      layer('Dropout', { name: 'drop', rate: 0.5 }),
      layer('Flatten', { name: 'flat' }),
      output,
      layer('Softmax', { name: 'soft' }),
    )
    await withModel({ path: await file(topology, 'head'), head: 'conv' }, [6, 6, 1], model => {
      const { featureShape, head } = model.cut()
      expect(featureShape).toEqual([6, 6, 2])
      expect(head).toEqual([
        {
          kind: 'conv2d',
          name: 'conv',
          kernel: 'conv/kernel',
          activation: 'linear',
          strides: [2, 1],
          padding: 'valid',
        },
        { kind: 'activation', name: 'relu', activation: 'relu' },
        { kind: 'activation', name: 'tanh', activation: 'tanh' },
        { kind: 'flatten', name: 'flat' },
        { kind: 'dense', name: 'out', kernel: 'out/kernel', bias: 'out/bias', activation: 'linear' },
        { kind: 'activation', name: 'soft', activation: 'linear' },
      ])
      expectHalves(model, [6, 6, 1])
    })
  })

  it('of every family has one layout where the features have one width', async () => {
    const inputShape = [16, 16, 1]
    const features = 12
    const heads: unknown[] = []
    const specs: readonly ModelInput[] = [
      { kind: 'mlp', hidden: [20, features] },
      { kind: 'cnn', hidden: features },
      { kind: 'lenet5', features },
      { kind: 'resnet18', features },
      { kind: 'vgg11', features },
    ]
    for (const spec of specs) {
      await withModel(spec, inputShape, model => {
        const section = headSection(model.layout, model.headLayer)
        expect(section.layout.size).toBe((features + 1) * 2)
        heads.push([section.layout, model.cut()])
      })
    }
    expect(new Set(heads.map(head => JSON.stringify(head))).size).toBe(1)
  })

  it('that takes more than one tensor is refused, and only when it is asked for', async () => {
    const { topology, inputShape } = layerCase('Add')
    await withModel({ path: await file(topology, 'branched'), head: 'right' }, inputShape, model => {
      expect(() => model.cut()).toThrow(
        /the head from layer "right" on takes what .*"left".* and it must be one tensor/,
      )
      expect(model.logits(tf.ones([1, ...inputShape]), false).shape).toEqual([1, 2])
    })
    await withModel({ path: await file(topology, 'joined'), head: 'out' }, inputShape, model =>
      expectHalves(model, inputShape),
    )
  })

  it('with layers that others cannot run is refused by the layer that it is', async () => {
    await withModel({ kind: 'resnet18', head: 'stage4.block2.conv1' }, [8, 8, 1], model =>
      expect(() => model.cut()).toThrow(/layer "pool" of the head is a GlobalAveragePooling2D/),
    )
    await withModel({ kind: 'vgg11', head: 'stage5.conv2' }, [16, 16, 1], model =>
      expect(() => model.cut()).toThrow(/layer "stage5.pool" of the head is a MaxPooling2D/),
    )
    const any = sequential([null as never, 4, 1], layer('Conv2D', { name: 'out', filters: 2, kernel_size: [3, 3] }))
    ;(any as { config: { layers: object[] } }).config.layers.push(layer('GlobalAveragePooling2D', { name: 'pool' }))
    await withModel({ path: await file(any, 'any'), head: 'out' }, [8, 4, 1], model =>
      expect(() => model.cut()).toThrow('has no fixed shape (?×4×1)'),
    )
  })

  it('is known on the network thread, where a pool starts all the same without one', async () => {
    const models = [
      { model: modelSchema.parse('mlp'), inputShape: [4] },
      { model: modelSchema.parse({ kind: 'vgg11', head: 'stage5.conv2' }), inputShape: [16, 16, 1] },
    ]
    const pool = await createLearnerPool({ backend: 'wasm', workers: 1, models, classes: 2, seed: 1 })
    try {
      expect(pool.models[0].cut()).toEqual({
        featureShape: [200],
        head: [{ kind: 'dense', name: 'output', kernel: 'output/kernel', bias: 'output/bias', activation: 'linear' }],
      })
      expect(() => pool.models[1]!.cut()).toThrow(expect.objectContaining({ name: 'HearsayError', code: 'MODEL' }))
    } finally {
      await pool.close()
    }
  })
})
