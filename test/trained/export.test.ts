import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Tensor } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Samples } from '../../src/data/index.js'
import { dataLimits } from '../../src/data/limits.js'
import { readNpy } from '../../src/data/read/npy.js'
import { readArrays } from '../../src/data/read/npz-archive.js'
import { decodeDescription } from '../../src/disk/description.js'
import type { KeptPeer } from '../../src/disk/index.js'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { outputShapeOf } from '../../src/learner/index.js'
import { buildModel, upload } from '../../src/learner/models/model.js'
import { layers, tf } from '../../src/learner/tensorflow.js'
import { decodeSafetensors } from '../../src/tensors/index.js'
import { exportFiles, exportPeer } from '../../src/trained/index.js'
import { npyOf } from '../../src/trained/keras.js'
import { keptPeer, type Wanted } from './kept.js'

const keras = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/learner/${name}/model.json`, import.meta.url))

let folder: string
beforeAll(async () => {
  await loadWasm()
  folder = await mkdtemp(join(tmpdir(), 'hearsay-export-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** What TensorFlow.js itself makes of the files, asked with the data as they come. */
async function tensorFlowSays(
  peer: KeptPeer & { samples: { inputs: ArrayLike<number>; size: number } },
): Promise<Float32Array> {
  const files = new Map((await exportFiles(peer, 'tfjs')).map(({ path, contents }) => [path, contents]))
  const { modelTopology, weightsManifest } = JSON.parse(files.get('tfjs/model.json') as string) as {
    modelTopology: object
    weightsManifest: { weights: never[] }[]
  }
  expect(JSON.stringify(modelTopology)).not.toContain('GroupNormalization')
  const bytes = Uint8Array.from(files.get('tfjs/weights.bin') as Uint8Array)
  const model = await layers.loadLayersModel(
    tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0]!.weights, weightData: bytes.buffer }),
  )
  const { inputs, size } = peer.samples
  const answers = tf.tidy(() => {
    const x = tf.tensor(Float32Array.from(inputs), [size, ...peer.description.inputShape])
    return (model.predict(x) as typeof x).dataSync() as Float32Array
  })
  model.dispose()
  return answers
}

const classification: [string, Wanted][] = [
  ['logistic regression of a table', { model: 'logistic', inputShape: [4], pixels: false }],
  ['an mlp of images', { model: { kind: 'mlp', hidden: [5] }, inputShape: [4, 4, 1] }],
  ['a cnn', { model: { kind: 'cnn', channels: [4], hidden: 6 }, inputShape: [6, 6, 3] }],
  ['lenet5 with features', { model: { kind: 'lenet5', features: 8 }, inputShape: [16, 16, 1] }],
  [
    'a model of Keras with batch norm',
    { model: { path: keras('keras-sequential'), head: 'classifier' }, inputShape: [12, 12, 1], classes: ['a', 'b'] },
  ],
  [
    'a graph of Keras with group norms, which TensorFlow.js lacks',
    { model: { path: keras('keras-functional'), head: 'classifier' }, inputShape: [12, 12, 1], classes: ['a', 'b'] },
  ],
]

async function whole(wanted: Wanted): ReturnType<typeof keptPeer> {
  const { path } = wanted.model as { path?: string }
  if (path === undefined) return keptPeer(wanted)
  const { modelTopology } = JSON.parse(await readFile(path, 'utf8')) as { modelTopology: unknown }
  // The file itself may be gone by then.
  return keptPeer({
    ...wanted,
    topology: modelTopology,
    model: { ...(wanted.model as object), path: '/gone/model.json' },
  })
}

/** What Hearsay says, computed here: logits of classes, or numbers in standardised units. */
async function hearsaySays({
  description,
  parameters,
  samples,
}: Awaited<ReturnType<typeof keptPeer>>): Promise<Float32Array> {
  const { model: spec, topology, inputShape, classes, objective } = description
  const model = await buildModel(spec, inputShape, outputShapeOf(objective, inputShape, classes.length), 1, topology)
  upload(model, parameters)
  const values = tf.tidy(() => model.logits(standardised(description, samples), false).dataSync() as Float32Array)
  model.dispose()
  return values
}

function standardised(
  { inputShape, standardisation: { mean, std } }: KeptPeer['description'],
  { inputs, size }: Samples,
): Tensor {
  const scale = inputs instanceof Uint8Array ? 255 : 1
  const seen = Float32Array.from(inputs, (v, i) => (v / scale - mean[i % mean.length]!) / std[i % std.length]!)
  return tf.tensor(seen, [size, ...inputShape])
}

function expectClose(values: Float32Array, wanted: Float32Array, tolerance: number): void {
  expect(values).toHaveLength(wanted.length)
  for (const [i, value] of wanted.entries()) expect(Math.abs(values[i]! - value)).toBeLessThan(tolerance)
}

describe('an exported model, asked with the data as they come in TensorFlow.js, and bare in Hearsay:', () => {
  it.each(classification)('%s', async (_, wanted) => {
    const peer = await whole(wanted)
    const { description, samples, parameters } = peer
    const { inputShape, layout, classes } = description
    const logits = await hearsaySays(peer)
    const probabilities = tf.tidy(
      () => tf.softmax(tf.tensor(logits, [samples.size, classes.length])).dataSync() as Float32Array,
    )
    expectClose(await tensorFlowSays(peer), probabilities, 1e-5)

    const to = await mkdtemp(join(folder, 'bare-'))
    await exportPeer(peer, to, ['tfjs'], { bare: true })
    const head = description.model.head ?? 'output'
    const spec = { kind: 'file', path: join(to, 'tfjs', 'model.json'), head } as const
    const model = await buildModel(spec, inputShape, classes.length, 1)
    expect(model.layout).toEqual(layout)
    expect([...model.initial]).toEqual([...parameters])
    upload(model, model.initial)
    expectClose(
      tf.tidy(() => model.logits(standardised(description, samples), false).dataSync() as Float32Array),
      logits,
      1e-6,
    )
    model.dispose()
  })

  it('a number to predict, in its own units', async () => {
    const objective = { kind: 'regression', target: 'price' } as const
    const peer = await keptPeer({ model: 'logistic', inputShape: [3], pixels: false, classes: ['price'], objective })
    expectClose(
      await tensorFlowSays(peer),
      (await hearsaySays(peer)).map(value => value * 50 + 1000),
      1e-2,
    )
  })

  it('an image to restore, in pixels', async () => {
    const objective = { kind: 'super-resolution', factor: 2 } as const
    const model = { kind: 'sr', channels: [4] }
    const peer = await keptPeer({ model, inputShape: [8, 8, 1], classes: ['image'], objective })
    const { mean, std } = peer.description.standardisation
    const pixels = (await hearsaySays(peer)).map(value => 255 * (value * std[0]! + mean[0]!))
    expectClose(await tensorFlowSays(peer), pixels, 1e-2)
  })
})

const python = spawnSync('python3', ['-c', 'import keras, sys; sys.exit(keras.__version__ < "3")'])
const hasKeras = python.status === 0
if (!hasKeras) console.log('exports are not loaded in Keras: python3 has no Keras 3')

describe.runIf(hasKeras)('Keras, asked with the data as they come, answers as Hearsay does:', () => {
  it.each(classification)('%s', async (_, wanted) => {
    const peer = await whole(wanted)
    const { samples, description } = peer
    const to = await mkdtemp(join(folder, 'keras-'))
    await exportPeer(peer, to, ['keras'])
    const inputs = { shape: [samples.size, ...description.inputShape], values: Float32Array.from(samples.inputs) }
    await writeFile(join(to, 'keras', 'inputs.npy'), npyOf(inputs))
    const ask =
      'import load, numpy; numpy.save("answers.npy", load.load().predict(numpy.load("inputs.npy"), verbose=0))'
    const { status, stderr } = spawnSync('python3', ['-c', ask], { cwd: join(to, 'keras'), encoding: 'utf8' })
    expect(status, stderr).toBe(0)
    const answers = await readFile(join(to, 'keras', 'answers.npy'))
    const { values } = await readNpy([answers], answers.length, 'answers.npy')
    const logits = await hearsaySays(peer)
    const shape: [number, number] = [samples.size, description.classes.length]
    const probabilities = tf.tidy(() => tf.softmax(tf.tensor(logits, shape)).dataSync() as Float32Array)
    expectClose(values as Float32Array, probabilities, 1e-5)
  })
})

describe('an export', () => {
  it('has the description, arrays that numpy reads, and safetensors with class names', async () => {
    const peer = await keptPeer({ model: { kind: 'mlp', hidden: [5] }, inputShape: [4, 4, 1] })
    const to = await mkdtemp(join(folder, 'all-'))
    const files = await exportPeer(peer, to, ['tfjs', 'keras', 'safetensors', 'tfjs'])
    expect(files).toEqual([
      'peer.json',
      'tfjs/model.json',
      'tfjs/weights.bin',
      'keras/model.json',
      'keras/weights.npz',
      'keras/load.py',
      'safetensors/model.safetensors',
    ])
    const { layout } = peer.description
    const read = decodeDescription(await readFile(join(to, 'peer.json'), 'utf8'), 'peer.json')
    expect(read.standardisation).toEqual(peer.description.standardisation)
    const arrays = await readArrays(join(to, 'keras', 'weights.npz'), names => names, dataLimits)
    for (const { name, shape, offset, size } of layout.tensors) {
      expect(arrays.get(name)!.shape).toEqual(shape)
      expect(arrays.get(name)!.values).toEqual(peer.parameters.slice(offset, offset + size))
    }
    const bytes = await readFile(join(to, 'safetensors', 'model.safetensors'))
    expect(decodeSafetensors(bytes).values).toEqual(peer.parameters)
    expect(bytes.toString('latin1', 0, 600)).toContain('\\"a\\",\\"b\\",\\"c\\"')
  })
})
