import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { classification } from '../../../src/data/index.js'
import { trainStacked } from '../../../src/learner/dense/train.js'
import { buildModel, type DeviceModel } from '../../../src/learner/models/model.js'
import type { LocalPlan } from '../../../src/learner/plan.js'
import { Residents } from '../../../src/learner/residents.js'
import type { Trained, TrainingJob } from '../../../src/learner/round.js'
import { ruleBook } from '../../../src/learner/rules/index.js'
import type { RuleSpec } from '../../../src/learner/rules/spec.js'
import { targetsOf } from '../../../src/learner/targets.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { train } from '../../../src/learner/train.js'
import { random } from '../../../src/random.js'
import { type PresentBackend, presentBackends } from '../backends.js'

const plain: LocalPlan = { length: { epochs: 2 }, batch: 16, learningRate: 0.1, rules: [] }
const inputShape = [6, 6, 1]
const classes = 3
// None divides the batch, so that every peer's last batch has another size; and they end after different steps.
const sizes = [40, 70, 7, 53]

const backends = await presentBackends()
let model: DeviceModel

async function useBackend({ select }: PresentBackend): Promise<void> {
  await select()
  model = await buildModel({ kind: 'mlp', hidden: [20, 10], head: 'output' }, inputShape, classes, 3)
}

type Changed = Partial<LocalPlan> | ((peer: number) => Partial<LocalPlan>)

function jobs(changed: Changed, peers = sizes): { jobs: TrainingJob[]; release(): void } {
  const residents = new Residents(2 ** 24)
  const list = peers.map((size, peer): TrainingJob => {
    const draw = random(peer, 'dense test')
    const inputs = Float32Array.from({ length: size * 36 }, () => draw.uniform() * 2 - 1)
    const labels = Int32Array.from({ length: size }, () => draw.integer(classes))
    const standardisation = { mean: new Float32Array([0.1]), std: new Float32Array([0.7]) }
    const samples = { inputs, labels, size, standardisation }
    return {
      // Each from a place of its own, as peers are after a merge.
      parameters: model.initial.map(value => value + 0.1 * (draw.uniform() - 0.5)),
      source: residents.source(peer, samples, inputShape),
      targets: targetsOf(classification, { key: peer, ...samples }, inputShape, classes),
      size,
      seed: 7,
      peer,
      round: 2,
      plan: { ...plain, ...(typeof changed === 'function' ? changed(peer) : changed) },
      book: ruleBook(),
    }
  })
  return { jobs: list, release: () => peers.forEach((_, peer) => void residents.release(peer)) }
}

function expectAlike(actual: Trained | Error | undefined, expected: Trained | undefined): void {
  if (actual === undefined || actual instanceof Error || expected === undefined) throw actual ?? new Error('no result')
  const { steps, samples, loss } = expected
  expect({ steps: actual.steps, samples: actual.samples }).toEqual({ steps, samples })
  expect(Math.abs(actual.loss - loss) / loss).toBeLessThan(1e-5)
  // Relative to the vector: single numbers may be as near to 0 as they like.
  const scale = Math.max(...expected.parameters.map(Math.abs))
  const worst = Math.max(...expected.parameters.map((value, i) => Math.abs(value - actual.parameters[i]!)))
  expect(worst / scale).toBeLessThan(1e-5)
}

const sam = (rho: number, adaptive = false): RuleSpec => ({ rule: 'sam', rho, adaptive })
const clip: RuleSpec = { rule: 'clip', limit: 0.5 }
const weightDecay: RuleSpec = { rule: 'weightDecay', factor: 0.01 }
const momentum = (factor: number): RuleSpec => ({ rule: 'momentum', factor })

/** Another for every peer. */
const vectorOf = (peer: number): Float32Array =>
  Float32Array.from({ length: model.layout.size }, (_, k) => 0.1 * Math.cos(k + 5 * peer))

const ways: Record<string, Changed> = {
  SGD: {},
  'SGD with momentum, weight decay and clipping': { rules: [clip, weightDecay, momentum(0.9)] },
  SAM: { rules: [sam(0.1)] },
  'ASAM with everything': { rules: [sam(0.5, true), clip, weightDecay, momentum(0.5)] },
  'a number of steps': { length: { steps: 3 } },
  'a correction, and a pull to a point, of each peer’s own': peer => ({
    rules: [
      { rule: 'correction', by: vectorOf(peer) },
      { rule: 'proximal', to: vectorOf(peer + 9), factor: 0.5 },
    ],
  }),
}

describe.each(backends)('peers trained side by side on $name', backend => {
  beforeAll(() => useBackend(backend))
  // See rowMultiple in dense/gradients.ts. wasm adds row by row anyway.
  const exact = backend.name === 'wasm' || (backend.name === 'node' && process.arch === 'x64')

  // What a driver computes on the CPU is a hundred times slower; its kernels have tests of their own.
  const few = backend.name === 'webgpu' ? { SAM: ways.SAM! } : ways
  for (const [name, changed] of Object.entries(few)) {
    it(`end where each ends by itself, and where the tape ends: ${name}`, async () => {
      const { jobs: list, release } = jobs(changed)
      const together = await trainStacked(model.dense!, list, () => false)
      for (const [peer, job] of list.entries()) {
        const [alone] = await trainStacked(model.dense!, [job], () => false)
        if (exact) expect(together[peer]).toEqual(alone)
        else expectAlike(together[peer], alone as Trained)
        expectAlike(together[peer], await train(model, job, () => false))
      }
      release()
    })
  }

  it.runIf(exact)('end at the same bits, whatever the widths and sizes', async () => {
    const width = fc.integer({ min: 1, max: 40 })
    const shapes = fc.record({
      hidden: fc.array(width, { minLength: 1, maxLength: 2 }),
      batch: width,
      sizes: fc.array(width, { minLength: 2, maxLength: 6 }),
    })
    const property = fc.asyncProperty(shapes, async ({ hidden, batch, sizes }) => {
      model = await buildModel({ kind: 'mlp', hidden, head: 'output' }, inputShape, classes, 3)
      const { jobs: list, release } = jobs({ batch, rules: [sam(0.1)], length: { epochs: 1 } }, sizes)
      const together = await trainStacked(model.dense!, list, () => false)
      for (const [peer, job] of list.entries()) {
        expect(together[peer]).toEqual((await trainStacked(model.dense!, [job], () => false))[0])
      }
      release()
    })
    await fc.assert(property, { numRuns: 60 }).finally(() => useBackend(backend))
  })

  it('leave their parameters as they are, and no tensor behind', async () => {
    const { jobs: list, release } = jobs({ rules: [sam(0.1), momentum(0.9)] })
    const before = tf.memory().numTensors
    const held = list.map(({ parameters }) => [...parameters])
    await trainStacked(model.dense!, list, () => false)
    expect(list.map(({ parameters }) => [...parameters])).toEqual(held)
    release()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('have errors of their own', async () => {
    const { jobs: list, release } = jobs({}, [40, 0, 70])
    list[2]!.parameters.fill(Number.NaN)
    const [fine, empty, diverged] = await trainStacked(model.dense!, list, () => false)
    expectAlike(fine, await train(model, list[0]!, () => false))
    expect(empty).toMatchObject({ code: 'DATA', message: 'there are no samples to train on' })
    expect(diverged).toMatchObject({
      code: 'DIVERGED',
      message: expect.stringContaining('training diverged in round 3'),
    })
    release()
  })

  it('stop when none is wanted any more, and not before', async () => {
    const { jobs: list, release } = jobs({ length: { epochs: 1 } })
    const before = tf.memory().numTensors
    let asked = 0
    const all = await trainStacked(model.dense!, list, () => ++asked > 0)
    expect(all).toEqual([undefined, undefined, undefined, undefined])
    expect(asked).toBe(4)
    const [first, second] = await trainStacked(model.dense!, list, place => place === 0)
    expect([first, second]).not.toContain(undefined)
    release()
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe('a model', () => {
  beforeAll(() => useBackend(backends.find(({ name }) => name === 'wasm')!))

  const described = async (layers: object[]): Promise<boolean> => {
    const { layers: tfLayers } = await import('../../../src/learner/tensorflow.js')
    const { denseModelOf } = await import('../../../src/learner/dense/layers.js')
    const { layoutOf } = await import('../../../src/tensors/index.js')
    const built = await tfLayers.models.modelFromJSON({
      modelTopology: { class_name: 'Sequential', config: { layers } },
    } as never)
    const layout = layoutOf(
      built.layers.flatMap(layer =>
        layer.weights.map(({ originalName, shape }) => ({ name: originalName, shape: shape as number[] })),
      ),
    )
    const isDense = denseModelOf(built, layout) !== undefined
    built.dispose()
    return isDense
  }
  const input = { class_name: 'InputLayer', config: { name: 'in', batch_input_shape: [null, 4, 4, 1] } }
  const flatten = { class_name: 'Flatten', config: { name: 'flat' } }
  const dense = (name: string, config = {}): object => ({ class_name: 'Dense', config: { name, units: 3, ...config } })

  it('of dense layers with ReLU or nothing is trained without the tape', async () => {
    expect(await described([input, flatten, dense('a', { activation: 'relu' }), dense('b')])).toBe(true)
    expect(await described([input, flatten, dense('a', { use_bias: false })])).toBe(true)
  })

  it('with anything else is not', async () => {
    expect(await described([input, flatten, dense('a', { activation: 'tanh' }), dense('b')])).toBe(false)
    expect(await described([input, flatten, dense('a', { trainable: false }), dense('b')])).toBe(false)
    // Dense on the last axis of an image is another thing.
    expect(await described([input, dense('a'), flatten, dense('b')])).toBe(false)
    expect(
      await described([input, flatten, { class_name: 'Dropout', config: { name: 'd', rate: 0.5 } }, dense('b')]),
    ).toBe(false)
    expect(await described([input, flatten])).toBe(false)
  })
})
