import type { Tensor } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { crossEntropy } from '../../src/learner/backend/kernels/cross-entropy.js'
import { tf } from '../../src/learner/tensorflow.js'
import { forward } from '../../src/mixture/forward.js'
import type { MixtureSettings } from '../../src/mixture/spec.js'
import { random } from '../../src/random.js'
import type { PresentBackend } from '../learner/backends.js'
import {
  expectClose,
  matrixOf,
  netOf,
  numbers,
  readableBackends,
  referenceOf,
  type TestMixture,
  testMixture,
} from './nets.js'
import { headOutput, mixtureOutput, softmax } from './reference.js'

let backends: PresentBackend[] = []
beforeAll(async () => {
  backends = await readableBackends()
}, 120_000)

interface Outputs {
  readonly alone: Float32Array
  readonly prediction: Float32Array
  readonly weights: Float32Array
}

/** Runs on the present backend, and leaves no tensor behind. */
function run(mixture: TestMixture, values: Float32Array, shape: readonly number[]): Outputs {
  const before = tf.memory().numTensors
  const { net, dispose } = netOf(mixture)
  const outputs = tf.tidy(() => {
    const { alone, prediction, weights } = forward(net, tf.tensor(values.slice(), [...shape]))
    const read = (tensor: Tensor): Float32Array => Float32Array.from(tensor.dataSync())
    return { alone: read(alone), prediction: read(prediction), weights: read(weights) }
  })
  dispose()
  expect(tf.memory().numTensors).toBe(before)
  return outputs
}

async function onAll(work: (backend: string) => void | Promise<void>): Promise<void> {
  expect(backends.length).toBeGreaterThan(0)
  for (const backend of backends) {
    await backend.select()
    await work(backend.name)
  }
}

const batch = 7
const sets: readonly [name: string, changed: Partial<MixtureSettings>][] = [
  ['attention over logits', {}],
  ['attention over logits, as published', { normalise: false }],
  ['attention over probabilities', { tokens: 'probabilities' }],
  ['the mean', { gate: 'mean' }],
  ['no transforms', { transform: false }],
  ['the mean without transforms', { gate: 'mean', transform: false }],
  ['a wide projection', { projection: 9, attention: 2 }],
]

describe('the forward pass equals the formulas in float64', () => {
  it.each(sets)('%s', (name, settings) =>
    onAll(backend => {
      for (const experts of [0, 1, 4]) {
        const mixture = testMixture(2, { experts, settings })
        const reference = referenceOf(mixture)
        const f = numbers(random(5, 'features'), batch * mixture.features)
        const outputs = run(mixture, f, [batch, mixture.features])
        const expected = matrixOf(f, mixture.features).map(row => mixtureOutput(reference, row))
        const what = `${name}, ${experts} experts on ${backend}:`
        const tokens = experts + 1
        expectClose(
          outputs.prediction,
          expected.flatMap(one => one.prediction),
          1e-4,
          `${what} ŷ`,
        )
        expectClose(
          outputs.weights,
          expected.flatMap(one => one.weights),
          1e-5,
          `${what} weight`,
        )
        const alone = Array.from({ length: tokens }, (_, t) => expected.flatMap(one => one.alone[t]!)).flat()
        expectClose(outputs.alone, alone, 1e-5, `${what} p`)
      }
    }),
  )

  it('at every place of a feature map', () =>
    onAll(backend => {
      const mixture = testMixture(3, { experts: 2 })
      const reference = referenceOf(mixture)
      const f = numbers(random(6, 'features'), 2 * 3 * 4 * mixture.features)
      const outputs = run(mixture, f, [2, 3, 4, mixture.features])
      const expected = matrixOf(f, mixture.features).map(row => mixtureOutput(reference, row))
      expectClose(
        outputs.prediction,
        expected.flatMap(one => one.prediction),
        1e-5,
        `ŷ on ${backend}`,
      )
      expectClose(
        outputs.weights,
        expected.flatMap(one => one.weights),
        1e-5,
        `weight on ${backend}`,
      )
    }))
})

describe('P18 without invited experts and with W_v = I', () => {
  it.each(['logits', 'probabilities'] as const)('the mixture is the own head: %s', tokens =>
    onAll(() => {
      const mixture = testMixture(4, { experts: 0, start: true, settings: { tokens } })
      const f = numbers(random(7, 'features'), batch * mixture.features)
      const { prediction, alone } = run(mixture, f, [batch, mixture.features])
      const said = matrixOf(prediction, mixture.outputs)
      const own = matrixOf(alone, mixture.outputs)
      if (tokens === 'logits') expectClose(prediction, [...alone], 1e-6)
      expectClose(said.flatMap(softmax), own.flatMap(softmax), 1e-6)
    }),
  )
})

describe('P19 the order of experts does not matter', () => {
  it('for the prediction to float error, and each keeps its weight', () =>
    onAll(() => {
      const mixture = testMixture(5, { experts: 4 })
      const order = [2, 0, 3, 1]
      const turned = {
        ...mixture,
        heads: order.map(j => mixture.heads[j]!),
        transforms: order.map(j => mixture.transforms[j]!),
      }
      const f = numbers(random(8, 'features'), batch * mixture.features)
      const [a, b] = [mixture, turned].map(one => run(one, f, [batch, mixture.features])) as [Outputs, Outputs]
      expectClose(b.prediction, [...a.prediction], 1e-5)
      const weights = matrixOf(a.weights, 5).flatMap(row => [row[0]!, ...order.map(j => row[j + 1]!)])
      expectClose(b.weights, weights, 1e-5)
    }))
})

describe('P20 a copy of the own head with identity transforms', () => {
  it('predicts what the own head does, and so does the mixture of both', () =>
    onAll(() => {
      const alike = testMixture(6, { experts: 2, start: true, settings: { projection: undefined } })
      const mixture = { ...alike, heads: [alike.own, alike.own] }
      const f = numbers(random(9, 'features'), batch * mixture.features)
      const { alone, prediction, weights } = run(mixture, f, [batch, mixture.features])
      const own = [...alone.subarray(0, batch * mixture.outputs)]
      expectClose(alone, [...own, ...own, ...own], 1e-6)
      expectClose(prediction, own, 1e-6)
      expectClose(weights, Array(batch * 3).fill(1 / 3), 1e-6)
      const reference = referenceOf(mixture)
      expectClose(
        own,
        matrixOf(f, mixture.features).flatMap(row => headOutput(reference.own, row)),
        1e-5,
      )
    }))
})

describe('gradients', () => {
  it.each(sets)('of all weights agree with finite differences: %s', (_, settings) =>
    onAll(async backend => {
      const mixture = testMixture(11, { experts: 3, settings })
      const f = numbers(random(12, 'features'), batch * mixture.features)
      const labels = Array.from({ length: batch }, (_, i) => i % mixture.outputs)
      const loss = (of: ReturnType<typeof netOf>) => {
        const { prediction } = forward(of.net, tf.tensor(f.slice(), [batch, mixture.features]))
        const targets = tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), mixture.outputs), 'float32')
        return tf.mean(crossEntropy(prediction, targets as never)[0])
      }
      const built = netOf(mixture)
      const { variables } = built.device
      if (variables.length > 0) {
        const { value, grads } = tf.variableGrads(() => loss(built) as never, [...variables])
        const gradients = variables.map(({ name }) => Float32Array.from(grads[name]!.dataSync()))
        tf.dispose([value, grads])
        const reference = referenceOf(mixture)
        const exact = matrixOf(f, mixture.features).map((row, i) => {
          const p = softmax(mixtureOutput(reference, row).prediction)
          return -Math.log(p[labels[i]!]!) / batch
        })
        expectClose(
          tf.tidy(() => loss(built).dataSync()),
          [exact.reduce((a, b) => a + b, 0)],
          1e-5,
        )
        for (const [i, gradient] of gradients.entries()) {
          // Along the gradient of each tensor by itself, with differences of fourth order: float32 leaves no digit
          // for one parameter at a time.
          const length = Math.hypot(...gradient)
          expect(length, `gradient ${i}`).toBeGreaterThan(1e-5)
          const variable = variables[i]!
          const held = tf.clone(variable)
          const distance = 0.003
          const at = (steps: number): number =>
            tf.tidy(() => {
              const move = tf.tensor(
                gradient.map(value => (value / length) * distance * steps),
                variable.shape,
              )
              variable.assign(tf.add(held, move))
              const there = loss(built).dataSync()[0]!
              variable.assign(held)
              return there
            })
          const slope = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * distance)
          held.dispose()
          expect(Math.abs(slope - length), `${backend}, tensor ${i}: ${slope} for ${length}`).toBeLessThan(
            1e-4 + 5e-3 * length,
          )
        }
      }
      built.dispose()
    }),
  )
})
