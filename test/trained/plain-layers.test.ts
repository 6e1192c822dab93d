import { beforeAll, describe, expect, it } from 'vitest'
import type { PeerDescription } from '../../src/disk/description.js'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { buildModel } from '../../src/learner/models/model.js'
import { weightFinder } from '../../src/learner/models/model-json.js'
import { layers, tf } from '../../src/learner/tensorflow.js'
import { graphOf, type LayerGraph } from '../../src/trained/graph.js'
import { inPlainLayers, type LayerShapes } from '../../src/trained/plain-layers.js'
import { layersModel } from '../../src/trained/tfjs.js'
import { type KerasCase, kerasCases, refusalOf } from '../learner/keras-cases.js'
import { withPlainLayers } from './plain-tfjs.js'

/*
 * What TensorFlow.js without Hearsay computes of an exported model is what Keras computed of it.
 */

beforeAll(async () => {
  await loadWasm()
})

/** The graph that is exported, its weights, and what its layers put out. */
async function trainedOf({ inputShape, outputShape, topology, weights }: KerasCase) {
  const model = { kind: 'file' as const, path: 'model.json', head: 'out' }
  const built = await buildModel(model, inputShape, outputShape, 1, structuredClone(topology))
  const { layout } = built
  const shapes: LayerShapes = built.shapes
  built.dispose()
  const given = weightFinder(
    new Map(weights.map(({ name, shape, values }) => [name, { shape, values: Float32Array.from(values) }])),
  )
  const objective = { kind: 'classification' }
  const graph = graphOf({ model, topology, inputShape, objective, classes: ['a', 'b'] } as unknown as PeerDescription)
  return { graph, shapes, weights: layout.tensors.map(({ name }) => ({ name, ...given(name)! })) }
}

/** What the exported files say in TensorFlow.js alone. */
async function plainly(one: KerasCase, trained: boolean): Promise<Float32Array> {
  const { graph, weights, shapes } = await trainedOf(one)
  const plain = inPlainLayers({ graph, weights }, shapes, { trained })
  const files = layersModel(plain.graph, plain.weights, 'a test')
  const { modelTopology, weightsManifest } = JSON.parse(files.json) as {
    modelTopology: object
    weightsManifest: { weights: never[] }[]
  }
  return withPlainLayers(async () => {
    const weightData = Uint8Array.from(files.weights).buffer
    const model = await layers.loadLayersModel(
      tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0]!.weights, weightData }),
    )
    const said = tf.tidy(() => {
      const inputs = tf.tensor([...one.inputs], [2, ...one.inputShape], 'float32')
      return (model.predict(inputs) as typeof inputs).dataSync() as Float32Array
    })
    model.dispose()
    return said
  })
}

async function expectKeras(one: KerasCase, trained: boolean): Promise<void> {
  const said = await plainly(one, trained)
  const largest = one.outputs.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-2)
  expect(said.length).toBe(one.outputs.length)
  for (const [i, value] of one.outputs.entries()) {
    if (!(Math.abs(said[i]! - value) <= 1e-4 * largest)) expect.fail(`${said[i]} for ${value} at ${i}`)
  }
}

const followed = kerasCases.filter(one => refusalOf(one) === undefined)
describe('TensorFlow.js alone computes what Keras does with', () => {
  it.each(followed.map(one => [one.name, one] as const))('%s', (_, one) => expectKeras(one, false))
})

describe('and where the export is to be trained on, with', () => {
  const others = followed.filter(({ name }) => /^(BatchN|Concat|Softmax|Reshape|ELU|Flatten|a chain)/.test(name))
  it.each(others.map(one => [one.name, one] as const))('%s', (_, one) => expectKeras(one, true))
})

it('a layer that must be said otherwise, and is called twice, is refused by name', () => {
  const from = (name: string): [string, number, number, object][] => [[name, 0, 0, {}]]
  const twice = { class_name: 'ELU', config: { alpha: 0.5 }, name: 'bent', inbound_nodes: [from('in'), from('bent')] }
  const input = { class_name: 'InputLayer', config: { batch_input_shape: [null, 2] }, name: 'in', inbound_nodes: [] }
  const graph: LayerGraph = { layers: [input, twice], input: 'in', output: ['bent', 1, 0, {}] }
  const plain = (): unknown => inPlainLayers({ graph, weights: [] }, { in: [2], bent: [2] }, { trained: false })
  expect(plain).toThrow('layer "bent" is used more than once')
})
