import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crossEntropy } from '../../src/learner/backend/kernels/cross-entropy.js'
import { allowedActivations } from '../../src/learner/models/allowed.js'
import { allowedLayers } from '../../src/learner/models/kind.js'
import { buildModel, type DeviceModel, upload } from '../../src/learner/models/model.js'
import { tf } from '../../src/learner/tensorflow.js'
import { random } from '../../src/random.js'
import { type PresentBackend, presentBackends } from './backends.js'
import { activationCase, convolutions, type LayerCase, layerCase, rectifiedNorm } from './layer-cases.js'

/*
 * Every layer that a model may have: its gradients on all backends that this machine has agree with each other, and
 * with finite differences of the loss.
 */

let backends: PresentBackend[] = []
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearsay-gradients-'))
  backends = await presentBackends()
}, 120_000)
afterAll(() => rm(folder, { recursive: true }))

const samples = 4

interface Outcome {
  readonly loss: number
  readonly gradients: readonly Float32Array[]
}

/** Loss and gradients from a start that is the same on every backend. */
async function outcomeOf(
  model: DeviceModel,
  inputShape: readonly number[],
  move: readonly Float32Array[] = [],
): Promise<Outcome> {
  const draw = random(3, 'layer gradients')
  const length = samples * inputShape.reduce((a, b) => a * b, 1)
  const inputs = tf.tensor(
    Float32Array.from({ length }, () => draw.uniform() * 2 - 1),
    [samples, ...inputShape],
  )
  const targets = tf.tensor2d([1, 0, 0, 1, 1, 0, 0, 1], [samples, 2])
  upload(model, model.initial)
  for (const [i, values] of move.entries()) {
    const variable = model.trainable[i]!
    tf.tidy(() => variable.assign(tf.add(variable, tf.tensor(values, variable.shape))))
  }
  const { value, grads } = tf.variableGrads(() => {
    // Dropout and all: the same units each time.
    model.seedDropout(random(5, 'dropout'))
    return tf.mean(crossEntropy(model.logits(inputs, true) as Tensor2D, targets)[0])
  }, [...model.trainable])
  const gradients = await Promise.all(
    model.trainable.map(async ({ name }) => Float32Array.from(await grads[name]!.data())),
  )
  const loss = (await value.data())[0]!
  tf.dispose([value, grads, inputs, targets])
  return { loss, gradients }
}

const largest = (arrays: readonly Float32Array[]): number =>
  Math.max(...arrays.map(array => array.reduce((most, value) => Math.max(most, Math.abs(value)), 0)))

/** To 1e-4 of each tensor's largest number; what rounding leaves of a gradient that is 0 is measured by the others'. */
function expectAgreement(of: Outcome, reference: Outcome, name: string): void {
  expect(Math.abs(of.loss - reference.loss), `loss on ${name}`).toBeLessThan(1e-5 * (1 + reference.loss))
  const floor = 1e-2 * largest(reference.gradients)
  for (const [i, gradient] of of.gradients.entries()) {
    const expected = reference.gradients[i]!
    const scale = Math.max(floor, largest([expected]))
    const difference = gradient.reduce((most, value, j) => Math.max(most, Math.abs(value - expected[j]!)), 0)
    expect(difference / scale, `gradient ${i} on ${name}`).toBeLessThan(1e-4)
  }
}

async function compare(name: string, { inputShape, topology }: LayerCase): Promise<void> {
  expect(backends.length).toBeGreaterThan(0)
  const path = join(folder, `${name.replaceAll(/[^A-Za-z0-9]/g, '-')}.json`)
  await writeFile(path, JSON.stringify({ modelTopology: topology }))
  let reference: Outcome | undefined
  for (const backend of backends) {
    await backend.select()
    const model = await buildModel({ kind: 'file', path, head: 'out' }, inputShape, 2, 1)
    const outcome = await outcomeOf(model, inputShape)
    if (reference === undefined) await expectSlope(model, inputShape, outcome)
    else expectAgreement(outcome, reference, backend.name)
    reference ??= outcome
    model.dispose()
  }
}

/**
 * The loss along the gradient climbs by the gradient's length. Along one direction only, and with differences of fourth
 * order: one parameter at a time, float32 leaves no digit. Far enough for that, near enough not to meet many kinks.
 */
async function expectSlope(model: DeviceModel, inputShape: readonly number[], { gradients }: Outcome): Promise<void> {
  const length = Math.hypot(...gradients.flatMap(gradient => [...gradient]))
  expect(length).toBeGreaterThan(1e-3)
  const distance = 0.001
  const at = async (steps: number): Promise<number> => {
    const move = gradients.map(gradient => gradient.map(value => (value / length) * distance * steps))
    return (await outcomeOf(model, inputShape, move)).loss
  }
  const slope = (8 * ((await at(1)) - (await at(-1))) - ((await at(2)) - (await at(-2)))) / (12 * distance)
  expect(Math.abs(slope / length - 1)).toBeLessThan(2e-3)
}

describe('every allowed layer has the same gradient on every backend', () => {
  it.each(allowedLayers)('%s', kind => compare(kind, layerCase(kind)))
  it.each(allowedActivations)('activation %s', kind => compare(`activation-${kind}`, activationCase(kind)))
  it('GroupNormalization with the ReLU behind it', () => compare('rectified', rectifiedNorm))
  it.each(convolutions)('Conv2D, %s', (name, layer) => compare(`conv-${name}`, layer))
})

it('cross-entropy and its gradient agree with float64, also of logits that overflow', async () => {
  const draw = random(9, 'cross-entropy test')
  const shape: [number, number] = [6, 5]
  const logits = Float32Array.from({ length: 30 }, (_, i) => (draw.uniform() * 2 - 1) * (i < 5 ? 300 : 4))
  const labels = Array.from({ length: 6 }, () => draw.integer(5))
  const upstream = Float32Array.from({ length: 6 }, () => draw.uniform() * 2 - 1)
  const losses: number[] = []
  const gradient: number[] = []
  for (const [row, label] of labels.entries()) {
    const values = [...logits.subarray(row * 5, row * 5 + 5)]
    const top = Math.max(...values)
    const total = values.reduce((sum, value) => sum + Math.exp(value - top), 0)
    losses.push(Math.log(total) + top - values[label]!)
    gradient.push(...values.map((value, c) => upstream[row]! * (Math.exp(value - top) / total - (c === label ? 1 : 0))))
  }
  for (const backend of backends) {
    await backend.select()
    const targets = tf.oneHot(tf.tensor1d(labels, 'int32'), 5)
    const given = tf.tensor2d(logits, shape)
    const float = tf.cast(targets, 'float32') as typeof given
    const { value, grad } = tf.valueAndGrad(x => crossEntropy(x as typeof given, float)[0])(
      given,
      tf.tensor1d(upstream) as never,
    )
    for (const [i, loss] of [...(await value.data())].entries()) {
      expect(Math.abs(loss - losses[i]!), `${backend.name} loss ${i}`).toBeLessThan(1e-5 * (1 + losses[i]!))
    }
    for (const [i, slope] of [...(await grad.data())].entries()) {
      expect(Math.abs(slope - gradient[i]!), `${backend.name} gradient ${i}`).toBeLessThan(1e-5)
    }
    tf.dispose([targets, given, float, value, grad])
  }
})
