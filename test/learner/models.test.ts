import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { allowedLayers } from '../../src/learner/models/allowed.js'
import { buildModel, type DeviceModel, download, upload } from '../../src/learner/models/model.js'
import { readModelFile } from '../../src/learner/models/weights-file.js'
import { type ModelSpec, modelSchema } from '../../src/learner/spec.js'
import { crossEntropy } from '../../src/learner/step.js'
import { layers, tf } from '../../src/learner/tensorflow.js'
import { random } from '../../src/random.js'

let folder: string
beforeAll(async () => {
  await loadWasm()
  folder = await mkdtemp(join(tmpdir(), 'hearsay-model-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function withModel<T>(
  spec: ModelSpec,
  inputShape: number[],
  classes: number,
  use: (model: DeviceModel) => T | Promise<T>,
  seed = 1,
): Promise<T> {
  const model = await buildModel(spec, inputShape, classes, seed)
  try {
    return await use(model)
  } finally {
    model.dispose()
  }
}

const named = (name: 'logistic' | 'mlp' | 'lenet5' | 'cnn'): ModelSpec => modelSchema.parse(name)

describe('built-in models', () => {
  it('LeNet-5 (Caffe) has 431,080 parameters', () =>
    withModel(named('lenet5'), [28, 28, 1], 10, ({ layout, headLayer }) => {
      expect(layout.size).toBe(431_080)
      expect(layout.tensors.map(({ name }) => name)).toEqual([
        'conv1/kernel',
        'conv1/bias',
        'conv2/kernel',
        'conv2/bias',
        'dense1/kernel',
        'dense1/bias',
        'output/kernel',
        'output/bias',
      ])
      expect(headLayer).toBe('output')
    }))

  it.each([
    ['logistic', [13], 2, 28],
    ['logistic', [28, 28, 1], 10, 7850],
    ['mlp', [784], 10, 784 * 200 + 200 + 200 * 200 + 200 + 2000 + 10],
    ['mlp', [28, 28, 1], 2, 197_602 + 200 * 0],
    ['cnn', [28, 28, 1], 2, 80 + 1168 + (7 * 7 * 16 * 32 + 32) + 66],
    ['cnn', [32, 32, 3], 10, 224 + 1168 + (8 * 8 * 16 * 32 + 32) + 330],
  ] as const)('%s on %j inputs and %i classes has %i parameters', (name, inputShape, classes, size) =>
    withModel(named(name), [...inputShape], classes, model => {
      expect(model.layout.size).toBe(size)
      expect(model.initial.length).toBe(size)
      expect(model.initial.every(Number.isFinite)).toBe(true)
      tf.tidy(() => {
        expect(model.logits(tf.ones([3, ...inputShape]), false).shape).toEqual([3, classes])
      })
    }),
  )

  it('starts from the seed: the same for the same, biases zero, kernels of the deviation asked for', async () => {
    const first = await withModel(named('mlp'), [100], 3, m => m.initial, 7)
    expect(await withModel(named('mlp'), [100], 3, m => m.initial, 7)).toEqual(first)
    expect(await withModel(named('mlp'), [100], 3, m => m.initial, 8)).not.toEqual(first)
    const kernel = first.subarray(0, 100 * 200)
    const variance = kernel.reduce((sum, x) => sum + x * x, 0) / kernel.length
    expect(variance / (2 / 100)).toBeGreaterThan(0.95)
    expect(variance / (2 / 100)).toBeLessThan(1.05)
    expect(first.subarray(100 * 200, 100 * 200 + 200).every(x => x === 0)).toBe(true)
  })

  it('keeps every bit of the parameters on the way in and out', () =>
    withModel(named('cnn'), [28, 28, 1], 2, async model => {
      const values = model.initial.map((x, i) => x + i / 7)
      upload(model, values)
      expect(await download(model)).toEqual(values.slice())
    }))

  it('says what does not fit', async () => {
    await expect(buildModel(named('lenet5'), [13], 2, 1)).rejects.toThrow('lenet5 takes images')
    await expect(buildModel(named('lenet5'), [8, 8, 1], 2, 1)).rejects.toThrow('at least 16×16')
    await expect(buildModel({ kind: 'logistic', head: 'dense9' }, [13], 2, 1)).rejects.toThrow('no layer "dense9"')
  })

  it('a head can begin at another layer', () =>
    withModel({ kind: 'lenet5', head: 'dense1' }, [28, 28, 1], 10, m => expect(m.headLayer).toBe('dense1')))
})

interface Description {
  class_name: string
  config: Record<string, unknown>
}

async function modelFile(
  name: string,
  inputShape: number[],
  body: Description[],
  weights: { name: string; shape: number[]; values: number[] }[] = [],
  extra: object = {},
): Promise<string> {
  const path = join(folder, `${name}.json`)
  const described = [
    { class_name: 'InputLayer', config: { name: 'in', batch_input_shape: [null, ...inputShape] } },
    ...body,
  ]
  const values = Float32Array.from(weights.flatMap(weight => weight.values))
  await writeFile(join(folder, `${name}.bin`), Buffer.from(values.buffer))
  const weightsManifest = [
    { paths: [`${name}.bin`], weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) },
  ]
  const modelTopology = { class_name: 'Sequential', config: { name, layers: described } }
  await writeFile(path, JSON.stringify({ modelTopology, ...(weights.length > 0 ? { weightsManifest } : {}), ...extra }))
  return path
}

const user = (path: string, head = 'out'): ModelSpec => ({ kind: 'file', path, head })

const dense = (config: object): Description => ({ class_name: 'Dense', config: { name: 'out', units: 2, ...config } })

describe("a user's model", () => {
  const given = [
    { name: 'out/kernel', shape: [2, 2], values: [1, 2, 3, 4] },
    { name: 'out/bias', shape: [2], values: [5, 6] },
  ]

  it('starts from the weights that it brings', async () => {
    const path = await modelFile('weights', [2], [dense({})], given)
    await withModel(user(path), [2], 2, model => {
      expect([...model.initial]).toEqual([1, 2, 3, 4, 5, 6])
      expect(model.layout.tensors.map(({ name }) => name)).toEqual(['out/kernel', 'out/bias'])
    })
  })

  it.each([
    ['an activation', [dense({ activation: 'softmax' })]],
    ['a layer', [dense({}), { class_name: 'Softmax', config: { name: 'soft' } }]],
    ['an activation layer', [dense({}), { class_name: 'Activation', config: { name: 'soft', activation: 'softmax' } }]],
  ])('gives logits though it ends in softmax as %s', async (kind, body) => {
    const path = await modelFile(`softmax-${kind.replaceAll(' ', '-')}`, [2], body, given)
    await withModel(user(path), [2], 2, model => {
      upload(model, model.initial)
      const logits = tf.tidy(() => [...model.logits(tf.tensor2d([[1, 1]]), false).dataSync()])
      expect(logits).toEqual([9, 12])
    })
  })

  it('draws its start from the seed when it brings none', async () => {
    const path = await modelFile(
      'seeded',
      [2],
      [dense({ kernel_initializer: { class_name: 'HeUniform', config: {} } })],
    )
    const start = (seed: number) => withModel(user(path), [2], 2, m => [...m.initial], seed)
    expect(await start(1)).toEqual(await start(1))
    expect(await start(1)).not.toEqual(await start(2))
    const heUniform = [dense({ kernel_initializer: { class_name: 'HeUniform', config: {} } })]
    const empty = await modelFile('seeded', [2], heUniform, [], { weightsManifest: [] })
    expect(await withModel(user(empty), [2], 2, m => [...m.initial], 1)).toEqual(await start(1))
    const orthogonal = [dense({ kernel_initializer: { class_name: 'Orthogonal', config: {} } })]
    const without = await modelFile('orthogonal', [2], orthogonal)
    await expect(buildModel(user(without), [2], 2, 1)).rejects.toThrow('initialiser Orthogonal')
    const path2 = await modelFile('orthogonal-weights', [2], orthogonal, given)
    await withModel(user(path2), [2], 2, model => expect(model.initial[0]).toBe(1))
  })

  it('says what does not fit', async () => {
    const path = await modelFile('fit', [2], [dense({})], given)
    await expect(buildModel(user(path), [3], 2, 1)).rejects.toThrow('takes inputs of 2; the data has 3')
    await expect(buildModel(user(path), [2], 3, 1)).rejects.toThrow('has 2 outputs; the data has 3 classes')
    await expect(buildModel(user(path, 'body'), [2], 2, 1)).rejects.toThrow('no layer "body"')
    const build = async (name: string, body: Description[], weights?: typeof given) =>
      buildModel(user(await modelFile(name, [2], body, weights)), [2], 2, 1)
    await expect(build('lambda', [{ class_name: 'Lambda', config: { name: 'code' } }])).rejects.toThrow(
      'layer "code" is a Lambda',
    )
    await expect(build('wide', [dense({ units: 1e9 })])).rejects.toThrow('units must be 1 to')
    await expect(build('sigmoid', [dense({ activation: 'sigmoid' })])).rejects.toThrow('ends in a sigmoid')
    await expect(build('strange', [dense({ activation: 'no such' })])).rejects.toThrow('cannot be built')
    await expect(build('lacking', [dense({})], given.slice(0, 1))).rejects.toThrow('no "out/bias"')
    await expect(build('shape', [dense({})], [given[0]!, { ...given[1]!, shape: [1], values: [5] }])).rejects.toThrow(
      'another shape of "out/bias"',
    )
  })

  it('reads nothing outside its folder and nothing beyond its limits', async () => {
    const manifest = (path: string, weights: object = { name: 'out/kernel', shape: [1], dtype: 'float32' }) => ({
      weightsManifest: [{ paths: [path], weights: [weights] }],
    })
    const read = async (name: string, extra: object) =>
      readModelFile(await modelFile(name, [2], [dense({})], [], extra))
    await writeFile(join(folder, 'four.bin'), Buffer.alloc(4))
    await expect(read('outside', manifest('../../etc/hostname'))).rejects.toThrow(/outside the model's folder|ENOENT/)
    await expect(read('absolute', manifest('/etc/passwd'))).rejects.toThrow("outside the model's folder")
    await symlink('/etc/passwd', join(folder, 'link.bin'))
    await expect(read('link', manifest('link.bin'))).rejects.toThrow("outside the model's folder")
    await expect(read('half', manifest('four.bin', { name: 'w', shape: [1], dtype: 'float16' }))).rejects.toThrow(
      'must be float32',
    )
    await expect(read('short', manifest('four.bin', { name: 'w', shape: [2], dtype: 'float32' }))).rejects.toThrow(
      'end inside "w"',
    )
    await expect(read('long', manifest('four.bin', { name: 'w', shape: [], dtype: 'float32' }))).resolves.toBeDefined()
    await expect(read('more', manifest('four.bin', { name: 'w', shape: [0], dtype: 'float32' }))).rejects.toThrow(
      '4 bytes follow',
    )

    const path = await modelFile('limits', [2], [dense({})], given)
    await expect(readModelFile(path, { jsonBytes: 100, weightBytes: 24 })).rejects.toThrow('at most 100 are read')
    await expect(readModelFile(path, { jsonBytes: 1e6, weightBytes: 23 })).rejects.toThrow('at most 23 are read')
    await expect(readModelFile(path, { jsonBytes: 1e6, weightBytes: 24 })).resolves.toBeDefined()
    await truncate(path, 50)
    await expect(readModelFile(path)).rejects.toThrow('is not JSON')
    await expect(readModelFile(join(folder, 'nowhere.json'))).rejects.toThrow('cannot be read')
  })

  it('counts running statistics as parameters and moves them once a step', async () => {
    const path = await modelFile(
      'norm',
      [3],
      [{ class_name: 'BatchNormalization', config: { name: 'norm' } }, dense({})],
    )
    await withModel(user(path), [3], 2, model => {
      expect(model.layout.tensors.map(({ name }) => name)).toEqual([
        'norm/gamma',
        'norm/beta',
        'norm/moving_mean',
        'norm/moving_variance',
        'out/kernel',
        'out/bias',
      ])
      expect(model.tracked.length).toBe(2)
      expect(model.trainable.length).toBe(4)
      expect([...model.initial.subarray(0, 12)]).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1])
    })
  })

  it('drops the units that the seed says', async () => {
    const drop = { class_name: 'Dropout', config: { name: 'drop', rate: 0.5 } }
    const path = await modelFile('drop', [64], [drop, dense({})])
    await withModel(user(path), [64], 2, model => {
      upload(model, model.initial)
      const logits = (seed: number): number[] => {
        model.seedDropout(random(seed, 'dropout'))
        return tf.tidy(() => [...model.logits(tf.ones([4, 64]), true).dataSync()])
      }
      expect(logits(1)).toEqual(logits(1))
      expect(logits(1)).not.toEqual(logits(2))
    })
  })
})

describe('every allowed layer has its gradient on wasm', () => {
  const image = [6, 6, 2]
  const bodies: Record<(typeof allowedLayers)[number], [number[], Description[]]> = {
    InputLayer: [[5], []],
    Dense: [[5], [{ class_name: 'Dense', config: { units: 4, activation: 'tanh' } }]],
    Conv2D: [image, [{ class_name: 'Conv2D', config: { filters: 3, kernel_size: [3, 3], activation: 'tanh' } }]],
    MaxPooling2D: [image, [{ class_name: 'MaxPooling2D', config: { pool_size: [2, 2] } }]],
    AveragePooling2D: [image, [{ class_name: 'AveragePooling2D', config: { pool_size: [3, 3], strides: [1, 1] } }]],
    GlobalAveragePooling2D: [image, [{ class_name: 'GlobalAveragePooling2D', config: {} }]],
    GlobalMaxPooling2D: [image, [{ class_name: 'GlobalMaxPooling2D', config: {} }]],
    Flatten: [image, []],
    Reshape: [[6], [{ class_name: 'Reshape', config: { target_shape: [3, 2] } }]],
    ZeroPadding2D: [
      image,
      [
        {
          class_name: 'ZeroPadding2D',
          config: {
            padding: [
              [1, 1],
              [1, 1],
            ],
          },
        },
      ],
    ],
    Activation: [[5], [{ class_name: 'Activation', config: { activation: 'sigmoid' } }]],
    ReLU: [[5], [{ class_name: 'ReLU', config: {} }]],
    LeakyReLU: [[5], [{ class_name: 'LeakyReLU', config: {} }]],
    ELU: [[5], [{ class_name: 'ELU', config: {} }]],
    Softmax: [[5], [{ class_name: 'Softmax', config: {} }]],
    Dropout: [[5], [{ class_name: 'Dropout', config: { rate: 0.3 } }]],
    BatchNormalization: [image, [{ class_name: 'BatchNormalization', config: {} }]],
    LayerNormalization: [[5], [{ class_name: 'LayerNormalization', config: {} }]],
    // The two that join branches need a functional model: built below.
    Add: [[5], []],
    Concatenate: [[5], []],
  }

  function branched(kind: 'Add' | 'Concatenate', inputShape: number[]) {
    const input = layers.input({ shape: inputShape })
    const left = layers.layers.dense({ name: 'left', units: 3, activation: 'tanh' }).apply(input)
    const right = layers.layers.dense({ name: 'right', units: 3 }).apply(input)
    const joint = kind === 'Add' ? layers.layers.add({ name: 'joint' }) : layers.layers.concatenate({ name: 'joint' })
    const joined = joint.apply([left, right] as never)
    const output = layers.layers.dense({ name: 'out', units: 2 }).apply(joined)
    return layers.model({ inputs: input, outputs: output as never })
  }

  it.each(allowedLayers)('%s', async kind => {
    const [inputShape, body] = bodies[kind]
    const before = { class_name: inputShape.length === 1 ? 'Dense' : 'Conv2D', config: {} as Record<string, unknown> }
    before.config =
      inputShape.length === 1
        ? { name: 'first', units: inputShape[0], activation: 'linear' }
        : { name: 'first', filters: 2, kernel_size: [3, 3], padding: 'same', activation: 'linear' }
    const named = body.map(layer => ({ ...layer, config: { name: 'tested', ...layer.config } }))
    const flat = kind !== 'Flatten' ? [{ class_name: 'Flatten', config: { name: 'flat' } }] : []
    const flatten = inputShape.length === 3 || kind === 'Reshape' ? [...flat] : []
    if (kind === 'Flatten') flatten.push({ class_name: 'Flatten', config: { name: 'tested' } })
    if (kind.startsWith('Global')) flatten.length = 0
    let path = await modelFile(`layer-${kind}`, inputShape, [before, ...named, ...flatten, dense({})])
    if (kind === 'Add' || kind === 'Concatenate') {
      const model = branched(kind, inputShape)
      path = join(folder, `layer-${kind}-branched.json`)
      await writeFile(path, JSON.stringify({ modelTopology: model.toJSON(undefined, false) }))
      model.dispose()
    }

    await withModel(user(path), inputShape, 2, model => {
      upload(model, model.initial)
      const draw = random(3, 'layer gradients')
      const inputs = tf.tensor(
        Float32Array.from({ length: 4 * inputShape.reduce((a, b) => a * b, 1) }, () => draw.uniform() * 2 - 1),
        [4, ...inputShape],
      )
      const targets = tf.tensor2d([1, 0, 0, 1, 1, 0, 0, 1], [4, 2])
      const objective = () => {
        model.seedDropout(random(5, 'dropout'))
        return crossEntropy(model.logits(inputs, true), targets)
      }
      const { value, grads } = tf.variableGrads(objective, [...model.trainable])
      expect(Object.keys(grads).length).toBe(model.trainable.length)
      // Along the gradient: float32 leaves too few digits for one parameter at a time.
      const length = tf.tidy(() =>
        Math.sqrt(
          Object.values(grads)
            .map(g => tf.sum(tf.square(g)).dataSync()[0]!)
            .reduce((a, b) => a + b, 0),
        ),
      )
      const step = 0.0005 / length
      const held = model.trainable.map(variable => tf.clone(variable))
      const at = (t: number): number =>
        tf.tidy(() => {
          for (const [i, v] of model.trainable.entries()) v.assign(tf.add(held[i]!, tf.mul(grads[v.name]!, t)))
          return objective().dataSync()[0]!
        })
      const slope = (at(step) - at(-step)) / (2 * step)
      expect(Math.abs(slope / length ** 2 - 1)).toBeLessThan(0.02)
      tf.dispose([value, grads, inputs, targets, held])
    })
  })
})
