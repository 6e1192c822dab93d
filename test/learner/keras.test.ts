import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { buildModel, upload } from '../../src/learner/models/model.js'
import { tf } from '../../src/learner/tensorflow.js'

/*
 * Models that Keras 3 itself wrote: test/fixtures/learner/make-keras.py.
 */

const fixtures = fileURLToPath(new URL('../fixtures/learner/', import.meta.url))
const names = ['keras-sequential', 'keras-functional'] as const

let folder: string
beforeAll(async () => {
  await loadWasm()
  folder = await mkdtemp(join(tmpdir(), 'hearsay-keras-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Layer {
  class_name: string
  config: Record<string, unknown>
  inbound_nodes?: { args: unknown[]; kwargs: Record<string, unknown> }[]
}
interface ModelJson {
  modelTopology: { config: { layers: Layer[]; input_layers?: unknown; output_layers?: unknown } }
  weightsManifest: { paths: string[]; weights: { name: string }[] }[]
}
interface Predictions {
  inputs: number[]
  outputs: number[][]
  softmax: boolean
}

const read = async <T>(name: string, file: string): Promise<T> =>
  JSON.parse(await readFile(join(fixtures, name, file), 'utf8')) as T

/** What the model at `path` predicts must be what Keras predicted. */
async function expectPredictions(name: string, path: string): Promise<void> {
  const { inputs, outputs, softmax } = await read<Predictions>(name, 'predictions.json')
  const model = await buildModel({ kind: 'file', path, head: 'classifier' }, [12, 12, 1], 2, 1)
  upload(model, model.initial)
  const predicted = tf.tidy(() => {
    const logits = model.logits(tf.tensor4d(inputs, [3, 12, 12, 1]), false)
    return [...(softmax ? tf.softmax(logits) : logits).dataSync()]
  })
  for (const [i, value] of outputs.flat().entries()) {
    expect(Math.abs(predicted[i]! - value)).toBeLessThan(1e-5 * (1 + Math.abs(value)))
  }
  model.dispose()
}

/** A fixture with something changed, beside a copy of its weights. */
async function changed(name: string, change: (json: ModelJson) => unknown): Promise<string> {
  const json = await read<ModelJson>(name, 'model.json')
  await writeFile(join(folder, 'weights.bin'), await readFile(join(fixtures, name, 'weights.bin')))
  const path = join(folder, 'model.json')
  await writeFile(path, JSON.stringify(change(json) ?? json))
  return path
}

const layerOf = (json: ModelJson, kind: string): Layer =>
  json.modelTopology.config.layers.find(({ class_name }) => class_name === kind)!

describe.each(names)('%s', name => {
  it.each(['model.keras', 'model.h5', 'model.json'])('predicts here what it predicts in Keras, as %s', file =>
    expectPredictions(name, join(fixtures, name, file)),
  )

  it('also as tensorflowjs_converter wraps it, with the weight names of an old HDF5 file', async () => {
    const path = await changed(name, json => {
      for (const weight of json.weightsManifest[0]!.weights) weight.name = `${weight.name}:0`
      const { modelTopology, weightsManifest } = json
      const wrapped = { keras_version: '3.15.1', backend: 'tensorflow', model_config: modelTopology }
      return { format: 'layers-model', modelTopology: wrapped, weightsManifest }
    })
    await expectPredictions(name, path)
  })
})

it('a functional model whose input and output bear names predicts what it predicts in Keras', async () => {
  const path = await changed(names[1], ({ modelTopology: { config } }) => {
    config.input_layers = { image: config.input_layers }
    config.output_layers = { classes: config.output_layers }
  })
  await expectPredictions(names[1], path)
})

describe('what cannot be followed is refused:', () => {
  const refused: [string, (typeof names)[number], (json: ModelJson) => void, string][] = [
    [
      'half precision',
      names[0],
      json => setPolicy(json, 'mixed_float16'),
      'dtype must be float32, not mixed_float16; give it',
    ],
    ['whole numbers', names[0], json => setDtype(json, 'uint8'), 'dtype must be float32, not uint8'],
    ['a leaking ReLU', names[1], json => set(json, 'ReLU', 'negative_slope', 0.1), 'use LeakyReLU'],
    ['grouped convolutions', names[0], json => set(json, 'Conv2D', 'groups', 2), 'groups must be 1'],
    ['renormalisation', names[0], json => set(json, 'BatchNormalization', 'renorm', true), 'renorm must be false'],
    ['kept axes', names[1], json => set(json, 'GlobalAveragePooling2D', 'keepdims', true), 'keepdims must be false'],
    ['a constant as input', names[1], json => call(json, { args: [[1, 2]] }), 'something that is no tensor'],
    ['a mask', names[1], json => call(json, { kwargs: { mask: {} } }), 'is called with mask'],
    ['an axis beyond the rank', names[1], json => set(json, 'GroupNormalization', 'axis', 4), 'axis must be 1 to 3'],
    ['the batch as an axis', names[0], json => set(json, 'BatchNormalization', 'axis', -4), 'axis must be 1 to 3'],
    [
      'an argument of tomorrow',
      names[0],
      json => set(json, 'Flatten', 'order', 'F'),
      'the argument order is not known',
    ],
    ['an argument of another kind', names[0], json => set(json, 'Dropout', 'rate', '0.5'), 'rate must be a number'],
    ['kept units', names[0], json => set(json, 'Dropout', 'rate', 1), 'rate must be 0 to below 1'],
    ['a call of Keras 2 in training', names[1], json => calledInKeras2(json), 'is called with training'],
    ['a model inside the model', names[0], json => is(json, { class_name: 'Functional' }), 'is a model of its own'],
    [
      'a class of the author, of a name of Keras',
      names[0],
      json => is(json, { module: null, registered_name: 'Dense' }),
      'is a class of your own (Dense), which is code',
    ],
    [
      'a class of another package',
      names[0],
      json => is(json, { module: 'keras_like.layers', registered_name: 'keras_like>Dense' }),
      'is a class of your own (keras_like>Dense)',
    ],
    [
      'an operation beside the layers',
      names[0],
      json => is(json, { module: 'keras.src.ops.numpy', class_name: 'Reshape', registered_name: 'Reshape' }),
      'is an operation of keras.ops (Reshape)',
    ],
    ['a name that every object has', names[0], json => set(json, 'Dense', 'name', 'constructor'), 'has a name that'],
    [
      'a name of other letters',
      names[0],
      json => set(json, 'Conv2D', 'name', 'größe'),
      'layer "größe" has a name that',
    ],
    [
      'a layer as an activation',
      names[0],
      json => set(json, 'Conv2D', 'activation', { module: 'keras.layers', class_name: 'ELU', config: {} }),
      'not the layer ELU, which can stand behind this one',
    ],
    ['two outputs by name', names[1], json => twoOutputs(json), 'must have one input and one output, not 1 and 2'],
    ['a regulariser', names[0], json => set(json, 'Dense', 'kernel_regularizer', {}), 'kernel_regularizer'],
  ]
  it.each(refused)('%s', async (_, name, change, message) => {
    const path = await changed(name, change)
    await expect(buildModel({ kind: 'file', path, head: 'classifier' }, [12, 12, 1], 2, 1)).rejects.toThrow(message)
  })

  const set = (json: ModelJson, kind: string, field: string, value: unknown): void => {
    layerOf(json, kind).config[field] = value
  }
  const setDtype = (json: ModelJson, dtype: unknown): void => set(json, 'InputLayer', 'dtype', dtype)
  const setPolicy = (json: ModelJson, name: string): void =>
    set(json, 'Dense', 'dtype', { class_name: 'DTypePolicy', config: { name } })
  const calledInKeras2 = (json: ModelJson): void => {
    const nodes = [[['input_layer_1', 0, 0, { training: true }]]]
    Object.assign(layerOf(json, 'Conv2D'), { inbound_nodes: nodes })
  }
  const is = (json: ModelJson, changes: object): void => void Object.assign(layerOf(json, 'Dense'), changes)
  const twoOutputs = ({ modelTopology: { config } }: ModelJson): void => {
    config.output_layers = { classes: config.output_layers, features: ['global_average_pooling2d', 0, 0] }
  }
  const call = (json: ModelJson, changes: object): void => {
    Object.assign(layerOf(json, 'Add').inbound_nodes![0]!, changes)
  }
})
