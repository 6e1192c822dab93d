import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { type GroupMaths, onDevice, onHost } from '../../src/learner/models/group-maths.js'
import { groupNormalise } from '../../src/learner/models/group-norm.js'
import '../../src/learner/models/layers/index.js'
import { GroupNormalization } from '../../src/learner/models/layers/group-normalization.js'
import { layers, tf } from '../../src/learner/tensorflow.js'
import { random } from '../../src/random.js'
import { type PresentBackend, presentBackends } from './backends.js'

let backends: PresentBackend[] = []
beforeAll(async () => {
  backends = await presentBackends()
}, 120_000)

interface Given {
  readonly shape: readonly number[]
  readonly groups: number
  readonly epsilon: number
  readonly x: readonly number[]
  readonly gamma: readonly number[]
  readonly beta: readonly number[]
}

/** Group normalisation by its definition, in float64. */
function reference({ shape, groups, epsilon, x, gamma, beta }: Given): number[] {
  const channels = shape.at(-1)!
  const width = channels / groups
  const perSample = x.length / shape[0]!
  const y = new Array<number>(x.length)
  for (let sample = 0; sample < shape[0]!; sample++) {
    for (let group = 0; group < groups; group++) {
      const members: number[] = []
      for (let i = sample * perSample; i < (sample + 1) * perSample; i++) {
        if (Math.floor((i % channels) / width) === group) members.push(i)
      }
      const mean = members.reduce((sum, i) => sum + x[i]!, 0) / members.length
      const variance = members.reduce((sum, i) => sum + (x[i]! - mean) ** 2, 0) / members.length
      for (const i of members) {
        y[i] = ((x[i]! - mean) / Math.sqrt(variance + epsilon)) * gamma[i % channels]! + beta[i % channels]!
      }
    }
  }
  return y
}

/** d Σ dy·y / d values, by differences in float64. */
function differences(given: Given, field: 'x' | 'gamma' | 'beta', dy: readonly number[]): number[] {
  const at = (place: number, step: number): number => {
    const moved = given[field].map((value, i) => (i === place ? value + step : value))
    return reference({ ...given, [field]: moved }).reduce((sum, value, i) => sum + value * dy[i]!, 0)
  }
  const step = 1e-6
  return given[field].map((_, i) => (at(i, step) - at(i, -step)) / (2 * step))
}

function givenBy(shape: readonly number[], groups: number, mean = 0): Given {
  const draw = random(4, 'group norm test', groups, mean)
  const numbers = (length: number): number[] =>
    Array.from({ length }, () => Math.fround((draw.uniform() * 2 - 1) * Math.sqrt(3)))
  const x = numbers(shape.reduce((a, b) => a * b, 1)).map(value => Math.fround(value + mean))
  const channels = shape.at(-1)!
  return { shape, groups, epsilon: 1e-5, x, gamma: numbers(channels), beta: numbers(channels) }
}

/** Reading inside an operation is for CPUs: WebGPU cannot, and gets no choice. */
const waysOn = ({ name }: PresentBackend): (GroupMaths | undefined)[] =>
  name === 'webgpu' ? [undefined] : [undefined, onHost, onDevice]

async function run(
  given: Given,
  dy: readonly number[],
  maths?: GroupMaths,
): Promise<Record<'y' | 'x' | 'gamma' | 'beta', number[]>> {
  const outputs = tf.tidy(() => {
    const inputs = [tf.tensor([...given.x], [...given.shape]), tf.tensor([...given.gamma]), tf.tensor([...given.beta])]
    const { value, grads } = tf.valueAndGrads((x, gamma, beta) =>
      groupNormalise(x!, gamma as Tensor1D, beta as Tensor1D, given, maths),
    )(inputs, tf.tensor([...dy], [...given.shape]))
    return [value, ...grads] as Tensor[]
  })
  const [y, x, gamma, beta] = await Promise.all(outputs.map(async tensor => [...(await tensor.data())]))
  tf.dispose(outputs)
  return { y: y!, x: x!, gamma: gamma!, beta: beta! }
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number, what: string): void {
  const scale = Math.max(...expected.map(Math.abs))
  expect(actual.length).toBe(expected.length)
  const worst = Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)))
  expect(worst / scale, what).toBeLessThan(tolerance)
}

const upstream = (length: number): number[] => {
  const draw = random(5, 'group norm upstream')
  return Array.from({ length }, () => Math.fround(draw.uniform() * 2 - 1))
}

const cases = [
  [[2, 3, 3, 4], 2],
  [[2, 3, 3, 4], 1],
  [[3, 2, 5, 6], 6],
  [[2, 1, 1, 8], 2],
  [[3, 4, 6], 3],
  [[4, 6], 2],
] as const

describe('group normalisation', () => {
  it.each(cases)('of %j in %i groups, and its gradients, agree with float64 everywhere', async (shape, groups) => {
    const given = givenBy(shape, groups)
    const dy = upstream(given.x.length)
    const expected = {
      y: reference(given),
      x: differences(given, 'x', dy),
      gamma: differences(given, 'gamma', dy),
      beta: differences(given, 'beta', dy),
    }
    for (const backend of backends) {
      await backend.select()
      for (const maths of waysOn(backend)) {
        const before = tf.memory().numTensors
        const got = await run(given, dy, maths)
        expect(tf.memory().numTensors).toBe(before)
        for (const part of ['y', 'x', 'gamma', 'beta'] as const) {
          expectClose(got[part], expected[part], 1e-4, `${part} on ${backend.name}`)
        }
      }
    }
  })

  it('keeps its digits where the mean is a hundred deviations away', async () => {
    const given = givenBy([2, 32, 32, 8], 4, 100)
    const dy = upstream(given.x.length)
    const expected = reference(given)
    for (const backend of backends) {
      await backend.select()
      for (const maths of waysOn(backend)) {
        const { y } = await run(given, dy, maths)
        // E[x²] − E[x]² in float32 is off by 1e-3 here; float32 itself knows x only to 4e-6 of a deviation.
        expectClose(y, expected, 5e-5, backend.name)
      }
    }
  })
})

describe('the layer', () => {
  it("reads back what it wrote, with Keras' defaults", () => {
    const layer = new GroupNormalization({ groups: 4, name: 'norm' })
    const config = layer.getConfig()
    expect(config).toMatchObject({ name: 'norm', groups: 4, axis: -1, epsilon: 1e-3, center: true, scale: true })
    expect(new GroupNormalization(config as never).getConfig()).toEqual(config)
  })

  it('goes through a model.json of TensorFlow.js', async () => {
    const input = layers.input({ shape: [4, 4, 6] })
    const output = new GroupNormalization({ groups: 3, center: false }).apply(input)
    const model = layers.model({ inputs: input, outputs: output as never })
    const again = await layers.models.modelFromJSON({ modelTopology: model.toJSON(undefined, false) } as never)
    expect(again.layers[1]!.getConfig()).toEqual(model.layers[1]!.getConfig())
    expect(again.layers[1]!.weights.length).toBe(1)
    model.dispose()
    again.dispose()
  })

  it('refuses groups that do not divide the channels, and axes that the input has not', () => {
    const on = (groups: number, axis: number): unknown =>
      new GroupNormalization({ groups, axis }).apply(layers.input({ shape: [4, 4, 6] }))
    expect(() => on(4, -1)).toThrow('4 groups do not divide 6 channels')
    expect(() => on(3, 1)).toThrow('3 groups do not divide 4 channels')
    for (const axis of [0, 4, -4, 0.5]) expect(() => on(2, axis)).toThrow('axis must be 1 to 3')
  })
})
