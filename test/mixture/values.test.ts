import { describe, expect, it } from 'vitest'
import type { Samples, Standardisation } from '../../src/data/dataset.js'
import type { Objective } from '../../src/data/objective.js'
import { createLearnerPool, type LocalPlan, type ModelChoice } from '../../src/learner/index.js'
import { createMixtureLearner, mixtureModule, mixtureSchema, resolveMixture } from '../../src/mixture/index.js'
import { random } from '../../src/random.js'
import { headOf, headSection } from '../../src/tensors/index.js'

/*
 * Tasks without classes, from end to end: a number to predict, and images to restore by a head of convolutions.
 */

const size = 48
const plan: LocalPlan = {
  length: { epochs: 4 },
  batch: 8,
  learningRate: 0.02,
  rules: [{ rule: 'momentum', factor: 0.5 }],
}

interface Task {
  readonly objective: Objective
  readonly model: ModelChoice
  readonly samples: (seed: number) => Samples
}

const labels = (): Int32Array => new Int32Array(new SharedArrayBuffer(size * 4))

const tasks: Record<string, Task> = {
  regression: {
    objective: { kind: 'regression', target: 'y' },
    model: { model: { kind: 'mlp', hidden: [12, 6], head: 'output' }, inputShape: [5] },
    samples(seed) {
      const draw = random(seed, 'table')
      const inputs = new Float32Array(new SharedArrayBuffer(size * 5 * 4))
      const targets = new Float32Array(new SharedArrayBuffer(size * 4))
      for (let i = 0; i < inputs.length; i++) inputs[i] = draw.uniform() * 2 - 1
      for (let i = 0; i < size; i++) targets[i] = 3 + 2 * inputs[i * 5]! - 3 * Math.abs(inputs[i * 5 + 1]!)
      return { inputs, targets, labels: labels(), size }
    },
  },
  'super-resolution': {
    objective: { kind: 'super-resolution', factor: 2 },
    model: { model: { kind: 'sr', channels: [4], head: 'output' }, inputShape: [8, 8, 1] },
    samples(seed) {
      const draw = random(seed, 'images')
      const targets = new Uint8Array(new SharedArrayBuffer(size * 64))
      const inputs = new Uint8Array(new SharedArrayBuffer(size * 64))
      for (let n = 0; n < size; n++) {
        const edge = 1 + draw.integer(7)
        for (let i = 0; i < 64; i++) targets[n * 64 + i] = i % 8 < edge ? 220 : 30
        for (let i = 0; i < 64; i++) {
          const right = i % 8 === 7 ? i : i + 1
          inputs[n * 64 + i] = (targets[n * 64 + i]! + targets[n * 64 + right]!) / 2
        }
      }
      return { inputs, targets, labels: labels(), size }
    },
  },
}

describe('a mixture of values', () => {
  it.each(Object.entries(tasks))('%s', async (_, { objective, model, samples }) => {
    const pool = await createLearnerPool({
      backend: 'wasm',
      workers: 1,
      models: [model],
      objective,
      classes: 1,
      seed: 1,
      modules: [mixtureModule()],
    })
    try {
      const [of] = pool.models
      const none: Standardisation = { mean: new Float32Array([0.4]), std: new Float32Array([0.3]) }
      const plain: Standardisation = {
        mean: new Float32Array(5),
        std: new Float32Array(5).fill(1),
        target: { mean: 3, std: 2 },
      }
      const standardisation = objective.kind === 'regression' ? plain : none
      const peers = [0, 1, 2].map(peer => ({ peer, data: { samples: samples(peer), standardisation } }))
      const trained = await Promise.all(
        peers.map(async ({ peer, data }) => {
          const parameters = of.initialParameters()
          for (const round of [0, 1]) await of.learner(data, peer).train(parameters, round, plan)
          return parameters
        }),
      )
      const experts = [1, 2].map(peer => {
        const view = headOf(trained[peer]!, headSection(of.layout, of.headLayer))
        const head = new Float32Array(new SharedArrayBuffer(view.byteLength))
        head.set(view)
        return { peer: `peer-${peer}`, round: 1, head }
      })
      const settings = resolveMixture(mixtureSchema.parse({ method: 'mixture', epochs: 4 }), 'values')
      const learner = createMixtureLearner({
        pool,
        model: of,
        ...peers[0]!,
        seed: 1,
        settings,
        localPlan: () => plan,
        rounds: 4,
      })
      const own = trained[0]!
      const alone = await of.evaluate(own, samples(9), standardisation)
      const single = await learner.evaluate(own, [], samples(9))
      expect(single.own.accuracy).toBeCloseTo(alone.accuracy, 4)
      expect(single.mixture.loss).toBeCloseTo(alone.loss, 4)
      const before = await learner.evaluate(own, experts, samples(9))
      for (let round = 0; round < 4; round++) await learner.train(round, own, experts)
      const after = await learner.evaluate(own, experts, samples(9))
      expect(after.mixture.loss).toBeLessThan(before.mixture.loss)
      expect(after.mixture.accuracy).toBeGreaterThan(before.mixture.accuracy)
      const { targets, ...seen } = samples(9)
      const { outputs, width, weights } = await learner.predict(own, experts, seen)
      expect([outputs.length, width, weights.length]).toEqual([targets!.length, targets!.length / size, size * 3])
    } finally {
      await pool.close()
    }
  })
})
