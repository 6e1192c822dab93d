import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crossEntropy } from '../../../src/learner/backend/kernels/cross-entropy.js'
import { buildModel, type DeviceModel, upload } from '../../../src/learner/models/model.js'
import { clippedSums } from '../../../src/learner/private/clipped.js'
import { privateLayersOf } from '../../../src/learner/private/layers.js'
import { gradientReport } from '../../../src/learner/private/lengths.js'
import { placesShare } from '../../../src/learner/private/shares.js'
import { type ModelSpec, modelSchema } from '../../../src/learner/spec.js'
import { rowsOf } from '../../../src/learner/targets.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { random } from '../../../src/random.js'
import { type PresentBackend, presentBackends } from '../backends.js'
import { convolutions, type LayerCase, layerCase, rectifiedNorm } from '../layer-cases.js'
import { layer } from '../topologies.js'

let backends: PresentBackend[] = []
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearsay-clipped-'))
  backends = await presentBackends()
}, 120_000)
afterAll(() => rm(folder, { recursive: true }))

interface Batch {
  readonly inputs: Float32Array
  readonly shape: readonly number[]
  readonly targets: Float32Array
  readonly width: number
}

function batchOf(model: DeviceModel, shape: readonly number[], width: number, records: number): Batch {
  const draw = random(4, 'clipped', records, ...shape)
  const numbers = (length: number) => Float32Array.from({ length }, () => draw.uniform() * 2 - 1)
  // Not all alike: the gradient of some is to be clipped and of others not.
  const inputs = numbers(records * shape.reduce((a, b) => a * b, 1)).map((x, i, all) => x * (1 + (4 * i) / all.length))
  upload(model, model.initial)
  tf.tidy(() => {
    for (const variable of model.trainable) {
      variable.assign(
        tf.add(
          variable,
          tf.tensor(
            numbers(variable.size).map(x => 0.1 * x),
            variable.shape,
          ),
        ),
      )
    }
  })
  const targets = new Float32Array(records * width)
  for (let record = 0; record < records; record++) targets[record * width + draw.integer(width)] = 1
  return { inputs, shape, targets, width }
}

const losses = (outputs: Tensor2D, targets: Tensor2D) => crossEntropy(outputs, targets)[0]

/** One record at a time by the tape, clipped on the host in float64: the plain meaning. */
async function byLoop(
  model: DeviceModel,
  { inputs, shape, targets, width }: Batch,
  mask: readonly number[],
  clip: number,
) {
  const length = inputs.length / mask.length
  const sums = model.trainable.map(({ size }) => new Float64Array(size))
  const lengths: number[] = []
  for (const [record, counts] of mask.entries()) {
    const onDevice = tf.tidy(() => {
      const one = tf.tensor(inputs.slice(record * length, (record + 1) * length), [1, ...shape])
      const wanted = tf.tensor2d(targets.slice(record * width, (record + 1) * width), [1, width])
      const { grads } = tf
        .engine()
        .gradients(() => tf.sum(losses(rowsOf(model.logits(one, true)), wanted)), [...model.trainable])
      return grads
    })
    const gradients = await read(onDevice)
    const norm = Math.sqrt(gradients.reduce((sum, each) => sum + each.reduce((s, g) => s + g * g, 0), 0))
    lengths.push(norm)
    if (counts === 0) continue
    const factor = Math.min(1, clip / norm)
    for (const [i, each] of gradients.entries()) for (const [k, g] of each.entries()) sums[i]![k]! += factor * g
  }
  return { sums, lengths }
}

async function expectTheSame(model: DeviceModel, shape: readonly number[], width: number, records: number) {
  const batch = batchOf(model, shape, width, records)
  const mask = Array.from({ length: records }, (_, record) => (records > 2 && record % 4 === 1 ? 0 : 1))
  const { lengths } = await byLoop(model, batch, mask, 1)
  const clip = [...lengths].sort((a, b) => a - b)[Math.floor(records / 2)]!
  const expected = await byLoop(model, batch, mask, clip)
  const before = tf.memory().numTensors
  const actual = await clipAll(model, batch, mask, clip)
  expect(tf.memory().numTensors).toBe(before)
  const scale = Math.sqrt(expected.sums.reduce((sum, each) => sum + each.reduce((s, g) => s + g * g, 0), 0))
  const apart = Math.sqrt(
    expected.sums.reduce((sum, each, i) => sum + each.reduce((s, g, k) => s + (g - actual.sums[i]![k]!) ** 2, 0), 0),
  )
  expect(apart / scale).toBeLessThan(1e-5)
  const counted = lengths.filter((_, record) => mask[record] === 1).sort((a, b) => a - b)
  const { median, clipped } = gradientReport(actual.within, counted.length, clip)
  // Half of them are at most as long, and half at least: but for the steps in which lengths are counted.
  const [low, high] = [counted[Math.ceil(counted.length / 2) - 1]!, counted[Math.floor(counted.length / 2)]!]
  expect(median).toBeGreaterThan(low / 1.1)
  expect(median).toBeLessThan(high * 1.1)
  const long = counted.filter(length => length > clip).length
  expect(Math.abs(clipped * counted.length - long)).toBeLessThan(1.001)
}

/** Reads tensors, and frees them. */
async function read(tensors: readonly Tensor[]): Promise<Float32Array[]> {
  const values = await Promise.all(tensors.map(tensor => tensor.data<'float32'>()))
  tf.dispose([...tensors])
  return values
}

async function clipAll(
  model: DeviceModel,
  { inputs, shape, targets, width }: Batch,
  mask: readonly number[],
  clip: number,
) {
  const { sums, loss, within } = tf.tidy(() => {
    const records = {
      inputs: tf.tensor(inputs, [mask.length, ...shape]),
      targets: tf.tensor2d(targets, [mask.length, width]),
      mask: tf.tensor1d([...mask]) as Tensor1D,
    }
    return clippedSums(model, privateLayersOf(model), records, { targets: { losses }, clip })
  })
  expect(sums.map(sum => sum.shape)).toEqual(model.trainable.map(variable => variable.shape))
  const [lost, counts, ...all] = await read([loss, within, ...sums])
  return { sums: all, loss: lost![0]!, within: counts! }
}

async function checkOnAll(spec: ModelSpec, shape: number[], outputs: number | number[], records: readonly number[]) {
  for (const backend of backends) {
    await backend.select()
    const model = await buildModel(spec, shape, outputs, 5)
    const width = [outputs].flat().reduce((a, b) => a * b, 1)
    for (const count of records) await expectTheSame(model, shape, width, count)
    model.dispose()
  }
}

async function fileSpec(name: string, topology: unknown): Promise<ModelSpec> {
  const path = join(folder, `${name.replaceAll(/\W+/g, '-')}.json`)
  await writeFile(path, JSON.stringify({ modelTopology: topology }))
  return { kind: 'file', path, head: 'out' }
}

const image = [8, 8, 1]
const builtIn: Readonly<Record<string, readonly [object, number[], (number | number[])?]>> = {
  logistic: [{ kind: 'logistic' }, image],
  mlp: [{ kind: 'mlp', hidden: [20, 10] }, [7]],
  lenet5: [{ kind: 'lenet5', features: 12 }, [16, 16, 3]],
  cnn: [{ kind: 'cnn', channels: [4, 8] }, [9, 7, 2]],
  resnet18: [{ kind: 'resnet18', width: 8, groups: 2 }, [8, 8, 3]],
  vgg11: [{ kind: 'vgg11', width: 4 }, [16, 16, 1]],
  sr: [{ kind: 'sr', channels: [4] }, [6, 6, 1], [6, 6, 1]],
}

describe('P36 the sum of clipped gradients is that of a loop over the records', () => {
  for (const [name, [model, shape, outputs = 3]] of Object.entries(builtIn)) {
    it(`for ${name}`, () => checkOnAll(modelSchema.parse(model), shape, outputs, [1, 6]), 240_000)
  }

  const kinds = ['Dense', 'LayerNormalization', 'Add', 'Concatenate', 'AveragePooling2D'] as const
  const ofUsers: readonly (readonly [string, () => LayerCase])[] = [
    ...convolutions.map(([name, one]) => [name, () => one] as const),
    ['a group norm and a ReLU', () => rectifiedNorm],
    ...kinds.map(kind => [kind, () => layerCase(kind)] as const),
  ]
  for (const [name, make] of ofUsers) {
    it(`for a user's model: ${name}`, async () => {
      const { topology, inputShape } = make()
      await checkOnAll(await fileSpec(name, topology), [...inputShape], 2, [5])
    })
  }

  const draw = random(6, 'shapes of models')
  const side = (most: number): number => 1 + draw.integer(most)
  for (let turn = 0; turn < 10; turn++) {
    const shape = [7 + side(5), 7 + side(5), side(3)]
    const convolution = (name: string) =>
      layer('Conv2D', {
        name,
        filters: side(6),
        kernel_size: [side(4), side(4)],
        padding: draw.integer(2) === 0 ? 'same' : 'valid',
        use_bias: draw.integer(2) === 0,
        activation: ['linear', 'relu', 'tanh'][draw.integer(3)],
      })
    const layers = [
      layer('InputLayer', { name: 'in', batch_input_shape: [null, ...shape] }),
      convolution('first'),
      layer('GroupNormalization', { name: 'norm', groups: 1, center: draw.integer(2) === 0 }),
      convolution('second'),
      layer('Flatten', { name: 'flat' }),
      layer('Dense', { name: 'hidden', units: side(9), activation: 'relu' }),
      layer('Dense', { name: 'out', units: 2, use_bias: draw.integer(2) === 0 }),
    ]
    it(`for drawn shapes: ${shape}, ${turn}`, async () => {
      const name = `drawn ${turn}`
      await checkOnAll(await fileSpec(name, layer('Sequential', { name: 'drawn', layers })), shape, 2, [1 + turn])
    })
  }

  it('for layers over positions, small and large, with and without offsets', async () => {
    const layers = [
      layer('InputLayer', { name: 'in', batch_input_shape: [null, 6, 4] }),
      layer('Dense', { name: 'wide', units: 40, activation: 'tanh' }),
      layer('LayerNormalization', { name: 'norm', axis: [1, 2], center: false }),
      layer('Dense', { name: 'narrow', units: 3, use_bias: false }),
      layer('LayerNormalization', { name: 'last', scale: false }),
      layer('Flatten', { name: 'flat' }),
      layer('Dense', { name: 'out', units: 2 }),
    ]
    await checkOnAll(await fileSpec('positions', layer('Sequential', { name: 'positions', layers })), [6, 4], 2, [7])
  })
})

describe('a record whose gradient is not finite', () => {
  const records = 6
  for (const [name, [model, shape, outputs = 3]] of Object.entries(builtIn)) {
    it(`counts no more than any other, and nothing where it fills up: ${name}`, async () => {
      for (const backend of backends) {
        await backend.select()
        const built = await buildModel(modelSchema.parse(model), shape, outputs, 5)
        const batch = batchOf(
          built,
          shape,
          [outputs].flat().reduce((a, b) => a * b),
          records,
        )
        const others = [0, 1, 1, 1, 1, 1]
        const expected = await clipAll(built, batch, others, 0.3)
        for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, 1e30]) {
          const inputs = batch.inputs.slice()
          inputs.fill(wrong, 0, inputs.length / records)
          for (const first of [0, 1]) {
            const actual = await clipAll(built, { ...batch, inputs }, [first, ...others.slice(1)], 0.3)
            for (const [i, sum] of actual.sums.entries()) {
              // By some backends a maximum with NaN is a number: then the gradient may be finite, and is clipped.
              const apart = Math.sqrt(sum.reduce((s, x, k) => s + (x - expected.sums[i]![k]!) ** 2, 0))
              expect(apart).toBeLessThan(first === 0 ? 1e-5 : 0.3 * (1 + 1e-4))
            }
            if (first === 0) expect(actual.loss).toBeCloseTo(expected.loss, 4)
          }
        }
        built.dispose()
      }
    }, 120_000)
  }
})

describe('pairs of places that cancel out', () => {
  it('do not let a record pass for a shorter one', async () => {
    for (const backend of backends) {
      await backend.select()
      // Two places, the second of which takes back what the first does but for what float32 rounds away.
      const [inputs, outputs, scale] = [400, 400, 3000]
      const a = Float32Array.from({ length: inputs }, (_, k) => Math.sin(k) * scale)
      const e = Float32Array.from({ length: outputs }, (_, k) => Math.cos(k) * scale)
      const back = e.map((x, k) => -x + (k === 0 ? 1e-3 : 0))
      const { squares, sums } = tf.tidy(() => {
        const share = placesShare(
          tf.tensor3d(Float32Array.of(...a, ...a), [1, 2, inputs]),
          tf.tensor3d(Float32Array.of(...e, ...back), [1, 2, outputs]),
        )
        return { squares: share.squares, sums: share.sums(tf.ones([1, 1])) }
      })
      const [found, gradient] = await read([squares, ...sums])
      expect(Math.sqrt(found![0]!)).toBeGreaterThan(0.999 * Math.sqrt(gradient!.reduce((sum, x) => sum + x * x, 0)))
    }
  })
})

describe('a model of which the gradient of a record is not known', () => {
  const refused = async (name: string, topology: unknown, shape: number[]): Promise<() => unknown> => {
    const model = await buildModel(await fileSpec(name, topology), shape, 2, 1)
    return () => privateLayersOf(model)
  }

  it('is refused by the name of the layer that mixes records', async () => {
    const { topology, inputShape } = layerCase('BatchNormalization')
    expect(await refused('batch norm', topology, [...inputShape])).toThrow(
      'layer "tested" is a BatchNormalization, which mixes the records of a batch',
    )
  })

  it('is not refused for a batch norm that is frozen', async () => {
    const layers = [
      layer('InputLayer', { name: 'in', batch_input_shape: [null, 4] }),
      layer('BatchNormalization', { name: 'frozen', trainable: false }),
      layer('Dense', { name: 'out', units: 2 }),
    ]
    await checkOnAll(await fileSpec('frozen', layer('Sequential', { name: 'frozen', layers })), [4], 2, [5])
  })

  it('is refused where a layer is used twice', async () => {
    const call = (from: string, node = 0) => [[[from, node, 0, {}]]]
    const config = {
      name: 'twice',
      layers: [
        {
          class_name: 'InputLayer',
          name: 'in',
          config: { name: 'in', batch_input_shape: [null, 4] },
          inbound_nodes: [],
        },
        {
          class_name: 'Dense',
          name: 'shared',
          config: { name: 'shared', units: 4 },
          inbound_nodes: [...call('in'), ...call('shared')],
        },
        { class_name: 'Dense', name: 'out', config: { name: 'out', units: 2 }, inbound_nodes: call('shared', 1) },
      ],
      input_layers: [['in', 0, 0]],
      output_layers: [['out', 0, 0]],
    }
    expect(await refused('twice', { class_name: 'Functional', config }, [4])).toThrow('layer "shared" is used 2 times')
  })

  it('is refused where a norm goes along other axes than the last', async () => {
    const layers = [
      layer('InputLayer', { name: 'in', batch_input_shape: [null, 4, 4] }),
      layer('LayerNormalization', { name: 'across', axis: 1 }),
      layer('Flatten', { name: 'flat' }),
      layer('Dense', { name: 'out', units: 2 }),
    ]
    expect(await refused('across', layer('Sequential', { name: 'across', layers }), [4, 4])).toThrow(
      'layer "across" normalises along other axes than the last',
    )
  })
})
