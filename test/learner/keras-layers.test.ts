import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { allowedActivations } from '../../src/learner/models/allowed.js'
import { allowedLayers } from '../../src/learner/models/kind.js'
import { buildModel, type DeviceModel, upload } from '../../src/learner/models/model.js'
import { weightFinder } from '../../src/learner/models/model-json.js'
import { tf } from '../../src/learner/tensorflow.js'
import { random } from '../../src/random.js'
import { type PresentBackend, presentBackends } from './backends.js'
import { type KerasCase, kerasCases, refusalOf, refusals } from './keras-cases.js'

/*
 * Every layer that a model may have, with every argument: outputs and gradients are Keras' own on all backends that this
 * machine has, or the model is refused by name.
 */

let backends: PresentBackend[] = []
beforeAll(async () => {
  backends = await presentBackends()
}, 120_000)

const samples = 2

async function modelOf({ inputShape, outputShape, topology, weights = [] }: KerasCase): Promise<DeviceModel> {
  const spec = { kind: 'file' as const, path: 'model.json', head: 'out' }
  const model = await buildModel(spec, inputShape, outputShape ?? [2], 1, structuredClone(topology))
  const given = weightFinder(
    new Map(weights.map(({ name, shape, values }) => [name, { shape, values: Float32Array.from(values) }])),
  )
  const parameters = new Float32Array(model.layout.size)
  for (const { name, shape, offset } of model.layout.tensors) {
    expect(given(name)?.shape, name).toEqual(shape)
    parameters.set(given(name)!.values, offset)
  }
  upload(model, parameters)
  return model
}

/** To 1e-4 of the largest number. */
function expectClose(actual: ArrayLike<number>, wanted: readonly number[], what: string): void {
  expect(actual.length, what).toBe(wanted.length)
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-2)
  for (const [i, value] of wanted.entries()) {
    if (!(Math.abs(actual[i]! - value) <= 1e-4 * largest)) expect.fail(`${what}: ${actual[i]} for ${value} at ${i}`)
  }
}

/** Not by the device's own cosine: WGSL lets it be wrong by 2⁻¹¹, and SwiftShader's is, by 1.9e-4. */
const cosines = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.cos(i))

async function expectAgreement(backend: string, model: DeviceModel, wanted: KerasCase): Promise<void> {
  const shape = [samples, ...wanted.inputShape]
  const inputs = tf.tidy(() => tf.variable(tf.tensor([...wanted.inputs], shape, 'float32'), true))
  const predicted = tf.tidy(() => model.logits(inputs, false))
  expectClose(await predicted.data(), wanted.outputs, `${backend}: outputs`)
  predicted.dispose()
  if (wanted.training !== undefined) {
    const { outputs, gradients, moved, inputs: inputGradient } = wanted.training
    let seen: Tensor | undefined
    const { value, grads } = tf.variableGrads(() => {
      const said = model.logits(inputs, true)
      seen = tf.keep(said)
      return tf.sum(tf.mul(said, tf.tensor(cosines(said.size), said.shape))) as never
    }, [inputs, ...model.trainable])
    expectClose(await seen!.data(), outputs, `${backend}: outputs in training`)
    expectClose(await grads[inputs.name]!.data(), inputGradient, `${backend}: gradient of the inputs`)
    await expectWeights(backend, model, grads, gradients)
    await expectMoved(backend, model, moved)
    tf.dispose([value, grads, seen!])
  }
  inputs.dispose()
}

const byEnd = (values: Readonly<Record<string, readonly number[]>>): Map<string, readonly number[]> =>
  new Map(Object.entries(values).map(([path, numbers]) => [path.split('/').slice(-2).join('/'), numbers]))

async function expectWeights(
  backend: string,
  model: DeviceModel,
  grads: NamedTensorMap,
  wanted: Readonly<Record<string, readonly number[]>>,
): Promise<void> {
  const gradients = byEnd(wanted)
  expect(model.trainable.length).toBe(gradients.size)
  for (const [i, { name }] of model.layout.tensors.entries()) {
    const variable = model.variables[i]!
    if (!model.trainable.includes(variable)) continue
    expectClose(await grads[variable.name]!.data(), gradients.get(name)!, `${backend}: gradient of ${name}`)
  }
}

async function expectMoved(
  backend: string,
  model: DeviceModel,
  wanted: Readonly<Record<string, readonly number[]>>,
): Promise<void> {
  const moved = byEnd(wanted)
  expect(model.tracked.length).toBe(moved.size)
  for (const [i, { name }] of model.layout.tensors.entries()) {
    const variable = model.variables[i]!
    if (model.tracked.includes(variable)) expectClose(await variable.data(), moved.get(name)!, `${backend}: ${name}`)
  }
}

const followed = kerasCases.filter(one => refusalOf(one) === undefined)

describe('Keras computes the same with', () => {
  it.each(followed.map(one => [one.name, one] as const))('%s', async (_, wanted) => {
    expect(backends.length).toBeGreaterThan(0)
    for (const { name, select } of backends) {
      await select()
      const before = tf.memory().numTensors
      const model = await modelOf(wanted)
      await expectAgreement(name, model, wanted)
      model.dispose()
      expect(tf.memory().numTensors, `${name}: tensors`).toBe(before)
    }
  })
})

describe('what is not followed is refused by name:', () => {
  const refused = kerasCases.filter(one => refusalOf(one) !== undefined)
  it.each(refused.map(one => [one.name, one] as const))('%s', async (_, one) => {
    await expect(modelOf(one)).rejects.toThrow(/layer "[a-z0-9_]+"/)
    await expect(modelOf(one)).rejects.toThrow(refusalOf(one))
  })

  it('each of these refusals by a case', () => {
    expect(refusals.filter(([cases]) => !kerasCases.some(({ name }) => cases.test(name)))).toEqual([])
  })
})

describe('a Dropout', () => {
  const dropping = followed.filter(({ name, training }) => name.startsWith('Dropout') && training === undefined)
  it.each(dropping.map(one => [one.name, one] as const))('%s drops in training alone', async (_, one) => {
    await backends[0]!.select()
    const model = await modelOf(one)
    const inputs = tf.tensor([...one.inputs], [samples, ...one.inputShape])
    const outputs: Float32Array[] = []
    for (const seed of [1, 1, 2]) {
      model.seedDropout(random(seed, 'dropout test'))
      const dropped = tf.tidy(() => model.logits(inputs, true))
      // Not at once: WebGPU has no synchronous reading in Node.
      outputs.push((await dropped.data()) as Float32Array)
      dropped.dispose()
    }
    expect(outputs[0]).toEqual(outputs[1])
    expect(outputs[0]).not.toEqual(outputs[2])
    inputs.dispose()
    model.dispose()
  })
})

describe('the cases', () => {
  /** What the run or another check decides; and that a layer's numbers do not depend on its name. */
  const elsewhere =
    /_(initializer|regularizer|constraint)$|^(name|dtype|sparse|ragged|optional|quantization_config|renorm_.*)$/

  it.each(allowedLayers)('have every argument of %s with another value than its default', kind => {
    const layers = kerasCases.flatMap(({ topology }) =>
      topology.config.layers.filter(({ class_name }) => class_name === kind),
    )
    expect(layers.length).toBeGreaterThan(0)
    const values = new Map<string, Set<string>>()
    for (const { config } of layers) {
      for (const [name, value] of Object.entries(config)) {
        if (elsewhere.test(name) || name === 'trainable') continue
        values.set(name, (values.get(name) ?? new Set()).add(JSON.stringify(value)))
      }
    }
    expect([...values].filter(([, seen]) => seen.size < 2).map(([name]) => name)).toEqual([])
  })

  it('have every activation, on its own and in the layers that have one', () => {
    const seen = (kind: string): string[] =>
      kerasCases.flatMap(({ topology }) =>
        topology.config.layers
          .filter(layer => layer.class_name === kind)
          .map(({ config }) => String(config.activation)),
      )
    for (const kind of ['Activation', 'Dense', 'Conv2D']) {
      for (const activation of allowedActivations) {
        expect(seen(kind), kind).toContain(activation === 'swish' ? 'silu' : activation)
      }
    }
  })
})

it('a layer that is called on two shapes counts with both', async () => {
  await backends[0]!.select()
  const model = await modelOf(kerasCases.find(({ name }) => name === 'layers called on two shapes')!)
  expect(model.shapes).toEqual({
    input_layer_3: [4, 5, 4],
    conv2d: [2, 3, 2],
    re_lu: [2, 3, 2],
    dropout: [2, 3, 2],
    flatten: [12],
    out: [2],
  })
  // The input, the convolution, two ReLUs, two Dropouts, Flatten and the output.
  expect(model.activations).toBe(80 + 6 * 12 + 2)
  model.dispose()
})
