import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { GroupNormalization } from '../../src/learner/models/layers/group-normalization.js'
import { buildModel, type DeviceModel, download, upload } from '../../src/learner/models/model.js'
import { readModelFile } from '../../src/learner/models/model-file.js'
import { type BuiltInSpec, type ModelSpec, modelSchema } from '../../src/learner/spec.js'
import { layers, tf } from '../../src/learner/tensorflow.js'
import { random } from '../../src/random.js'
import { headSection, layersOf } from '../../src/tensors/index.js'

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

const named = (name: BuiltInSpec['kind']): ModelSpec => modelSchema.parse(name)

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

  /** A 3×3 convolution without bias, and the norm behind it. */
  const normed = (from: number, to: number, size = 3): number => size * size * from * to + 2 * to
  const residual = (from: number, to: number): number =>
    normed(from, to) + normed(to, to) * 3 + (from === to ? 0 : normed(from, to, 1))
  const resnet = (channels: number, classes: number): number =>
    normed(channels, 64) +
    residual(64, 64) +
    residual(64, 128) +
    residual(128, 256) +
    residual(256, 512) +
    513 * classes
  const widths = [64, 128, 256, 256, 512, 512, 512, 512]
  const vgg = (channels: number, classes: number): number =>
    widths.reduce((sum, to, i) => sum + normed(widths[i - 1] ?? channels, to), 513 * classes)

  it("ResNet-18 for CIFAR has the parameters of PyTorch's", () => {
    expect(resnet(3, 10)).toBe(11_173_962)
    expect(vgg(3, 10)).toBe(9_228_362)
  })

  it('a head of ResNet-18 can begin at a stage; its layers are named by stage and block', () =>
    withModel(modelSchema.parse({ kind: 'resnet18', head: 'stage4.block1.conv1' }), [8, 8, 1], 2, model => {
      expect(model.headLayer).toBe('stage4.block1.conv1')
      expect([...new Set(layersOf(model.layout))].filter(name => name.startsWith('stage2'))).toEqual([
        'stage2.block1.conv1',
        'stage2.block1.norm1',
        'stage2.block1.conv2',
        'stage2.block1.shortcut',
        'stage2.block1.norm2',
        'stage2.block1.shortcut.norm',
        'stage2.block2.conv1',
        'stage2.block2.norm1',
        'stage2.block2.conv2',
        'stage2.block2.norm2',
      ])
      const head = headSection(model.layout, model.headLayer)
      expect(head.layout.size).toBe(residual(256, 512) + 513 * 2)
    }))

  it.each([
    ['logistic', [13], 2, 28],
    ['logistic', [28, 28, 1], 10, 7850],
    ['mlp', [784], 10, 784 * 200 + 200 + 200 * 200 + 200 + 2000 + 10],
    ['mlp', [28, 28, 1], 2, 197_602 + 200 * 0],
    ['cnn', [28, 28, 1], 2, 80 + 1168 + (7 * 7 * 16 * 32 + 32) + 66],
    ['cnn', [32, 32, 3], 10, 224 + 1168 + (8 * 8 * 16 * 32 + 32) + 330],
    ['resnet18', [32, 32, 3], 10, resnet(3, 10)],
    ['resnet18', [28, 28, 1], 2, resnet(1, 2)],
    ['vgg11', [32, 32, 3], 10, vgg(3, 10)],
    ['vgg11', [28, 28, 1], 10, vgg(1, 10)],
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

  it('refuses a softmax at its end that something inside takes too, and starts that are no numbers', async () => {
    const built = async (path: string): Promise<unknown> => buildModel(user(path), [2], 2, 1)
    const [, bias] = given
    const broken = [{ name: 'out/kernel', shape: [2, 2], values: [1, Number.NaN, 3, 4] }, bias!]
    await expect(built(await modelFile('nan', [2], [dense({})], broken))).rejects.toThrow(
      'its weights "out/kernel" hold numbers that are not finite',
    )
    const constant = { class_name: 'Constant', config: { value: [1, 2] } }
    await expect(built(await modelFile('constant', [2], [dense({ bias_initializer: constant })]))).rejects.toThrow(
      '"out": bias_initializer is a Constant that is no number; bring weights',
    )
    const brought = await modelFile('brought', [2], [dense({ bias_initializer: constant })], given)
    await withModel(user(brought), [2], 2, model => expect([...model.initial]).toEqual([1, 2, 3, 4, 5, 6]))
    const lecun = { class_name: 'LecunNormal', config: { seed: null } }
    const drawn = await modelFile('lecun', [2], [dense({ kernel_initializer: lecun })])
    await withModel(user(drawn), [2], 2, model => expect(model.initial.some(value => value !== 0)).toBe(true))
    const twice = { ...dense({ activation: 'softmax' }), inbound_nodes: [[['in', 0, 0, {}]], [['out', 0, 0, {}]]] }
    const input = { class_name: 'InputLayer', config: { name: 'in', batch_input_shape: [null, 2] }, inbound_nodes: [] }
    const config = { layers: [input, twice], input_layers: [['in', 0, 0]], output_layers: [['out', 1, 0]] }
    const path = join(folder, 'twice.json')
    await writeFile(path, JSON.stringify({ modelTopology: { class_name: 'Functional', config } }))
    await expect(built(path)).rejects.toThrow('"out" ends the model in a softmax and is called 2 times')
  })

  it.each([
    ['a Flatten', { class_name: 'Flatten', config: { name: 'flat' } }],
    ['a Dropout', { class_name: 'Dropout', config: { name: 'drop', rate: 0.5 } }],
    ['a Reshape', { class_name: 'Reshape', config: { name: 'shape', target_shape: [2] } }],
    ['a linear Activation', { class_name: 'Activation', config: { name: 'same', activation: 'linear' } }],
  ])('refuses a softmax or a sigmoid behind which only %s stands: its numbers are no logits', async (_, behind) => {
    const built = async (activation: string): Promise<unknown> =>
      buildModel(user(await modelFile('behind', [2], [dense({ activation }), behind], given)), [2], 2, 1)
    await expect(built('softmax')).rejects.toThrow('layer "out" is a softmax, and only layers without weights')
    await expect(built('sigmoid')).rejects.toThrow('ends in a sigmoid')
    const model = (await built('linear')) as DeviceModel
    model.dispose()
  })

  it('refuses a softmax of which only a mean is taken', async () => {
    const conv = { name: 'out', filters: 2, kernel_size: [1, 1], activation: 'softmax' }
    const pooled = await modelFile(
      'pooled',
      [4, 4, 1],
      [
        { class_name: 'Conv2D', config: conv },
        { class_name: 'GlobalAveragePooling2D', config: { name: 'mean' } },
      ],
    )
    await expect(buildModel(user(pooled), [4, 4, 1], 2, 1)).rejects.toThrow('layer "out" is a softmax, and only layers')
  })

  describe('that is functional', () => {
    const call = (...from: [name: string, call?: number, tensor?: number][]): unknown[] =>
      from.map(([name, called = 0, tensor = 0]) => [name, called, tensor, {}])
    const built = async (flat: unknown[], out: unknown[] = [call(['in'])], name = 'flat'): Promise<void> => {
      const input = { name: 'in', batch_input_shape: [null, 2] }
      const config = {
        layers: [
          { class_name: 'Flatten', name: 'flat', config: { name }, inbound_nodes: flat },
          { ...dense({ activation: 'softmax' }), name: 'out', inbound_nodes: out },
          { class_name: 'InputLayer', name: 'in', config: input, inbound_nodes: [] },
        ],
        input_layers: [['in', 0, 0]],
        output_layers: [[name === 'flat' ? 'flat' : 'out', 0, 0]],
      }
      const path = join(folder, 'calls.json')
      await writeFile(path, JSON.stringify({ modelTopology: { class_name: 'Functional', config } }))
      ;(await buildModel(user(path), [2], 2, 1)).dispose()
    }

    it('is searched for its softmax along the calls', async () => {
      await expect(built([call(['out'])])).rejects.toThrow('layer "out" is a softmax, and only layers')
    })

    // TensorFlow.js would wait for them without end.
    it.each<[string, unknown[], unknown[]?]>([
      ['lead in a circle', [call(['out'])], [call(['flat'])]],
      ['lead to themselves', [call(['flat'])]],
      ['lead to no layer', [call(['nowhere'])]],
      ['lead to a call that is not made', [call(['out', 1])]],
    ])('is refused where calls %s', async (_, flat, out) => {
      await expect(built(flat, out)).rejects.toThrow('is called on what no layer before it puts out')
    })

    it('is refused where calls are malformed, too many, or of layers without names of their own', async () => {
      await expect(built([call()])).rejects.toThrow('layer "flat": its inbound_nodes are malformed')
      await expect(built([call(['in', -1])])).rejects.toThrow('its inbound_nodes are malformed')
      await expect(built([call(['in', 0, 1])])).rejects.toThrow('its inbound_nodes are malformed')
      await expect(built([null])).rejects.toThrow('its inbound_nodes are malformed')
      await expect(built(Array(4000).fill(call(['in'])))).rejects.toThrow('called 4001 times; at most 4000 are read')
      await expect(built([call(['in'])], [call(['in'])], 'other')).rejects.toThrow('must have a name of its own')
      await expect(built([call(['in'])], [call(['in'])], 'out')).rejects.toThrow('must have a name of its own')
    })
  })

  it('reads what TensorFlow.js itself saved, and predicts the same', async () => {
    const input = layers.input({ shape: [6, 6, 2] })
    const conv = layers.layers.conv2d({ name: 'conv', filters: 4, kernelSize: 3, activation: 'relu' })
    const out = layers.layers.dense({ name: 'out', units: 2 })
    const body = new GroupNormalization({ groups: 2 }).apply(conv.apply(input))
    const made = layers.model({
      inputs: input,
      outputs: out.apply(layers.layers.flatten().apply(body as never)) as never,
    })
    const path = join(folder, 'tfjs.json')
    await made.save({
      async save({ modelTopology, weightSpecs, weightData }) {
        await writeFile(join(folder, 'tfjs.bin'), Buffer.from(weightData as ArrayBuffer))
        const weightsManifest = [{ paths: ['tfjs.bin'], weights: weightSpecs }]
        await writeFile(path, JSON.stringify({ modelTopology, format: 'layers-model', weightsManifest }))
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
      },
    })
    const inputs = tf.randomUniform([3, 6, 6, 2], -1, 1, 'float32', 1)
    const expected = tf.tidy(() => [...(made.predict(inputs) as typeof inputs).dataSync()])
    await withModel(user(path), [6, 6, 2], 2, model => {
      upload(model, model.initial)
      const logits = tf.tidy(() => [...model.logits(inputs, false).dataSync()])
      for (const [i, value] of expected.entries()) expect(logits[i]).toBeCloseTo(value, 5)
    })
    made.dispose()
    inputs.dispose()
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
    await expect(buildModel(user(without), [2], 2, 1)).rejects.toThrow('kernel_initializer is Orthogonal')
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
      'layer "code" is of the kind Lambda',
    )
    await expect(build('wide', [dense({ units: 1e9 })])).rejects.toThrow('units must be 1 to')
    await expect(build('frozen', [dense({ trainable: false })], given)).rejects.toThrow('all of its layers are frozen')
    await expect(build('sigmoid', [dense({ activation: 'sigmoid' })])).rejects.toThrow('ends in a sigmoid')
    await expect(build('strange', [dense({ kernel_initializer: 'no such' })])).rejects.toThrow('cannot be built')
    await expect(build('activation', [dense({ activation: 'no such' })])).rejects.toThrow('"out": activation must be')
    await expect(build('function', [dense({ activation: { class_name: 'function' } })])).rejects.toThrow(
      'not a function',
    )
    const leaky = { module: 'keras.layers', class_name: 'LeakyReLU', config: {} }
    await expect(build('object', [dense({ activation: leaky })])).rejects.toThrow(
      'not the layer LeakyReLU, which can stand behind',
    )
    const decay = { class_name: 'L2', config: { l2: 0.01 } }
    await expect(build('decay', [dense({ kernel_regularizer: decay })])).rejects.toThrow('training.weightDecay')
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
