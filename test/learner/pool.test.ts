import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Samples, Standardisation } from '../../src/data/dataset.js'
import { installedNative } from '../../src/learner/backend/installed.js'
import {
  createLearnerPool,
  type LearnerPool,
  type LearnerPoolInit,
  type LocalPlan,
  type ModelSpec,
  type PoolModel,
  type RuleSpec,
} from '../../src/learner/index.js'
import { random } from '../../src/random.js'

const plan: LocalPlan = { length: { epochs: 2 }, batch: 8, learningRate: 0.1, rules: [] }
const sam: RuleSpec = { rule: 'sam', rho: 0.05, adaptive: false }
const momentum: RuleSpec = { rule: 'momentum', factor: 0.5 }
const decay: RuleSpec = { rule: 'weightDecay', factor: 1e-3 }
const none: Standardisation = { mean: new Float32Array(1), std: new Float32Array([1]) }
const cnn: ModelSpec = { kind: 'cnn', channels: [4], hidden: 8, head: 'output' }
const init: LearnerPoolInit = {
  backend: 'wasm',
  workers: 2,
  models: [{ model: cnn, inputShape: [8, 8, 1] }],
  classes: 2,
  seed: 5,
}

/** Pictures with the left or the right half bright. */
function pictures(seed: number, size: number): Samples {
  const draw = random(seed, 'pictures')
  const inputs = new Uint8Array(new SharedArrayBuffer(size * 64))
  const labels = new Int32Array(new SharedArrayBuffer(size * 4))
  for (let n = 0; n < size; n++) {
    labels[n] = draw.integer(2)
    for (let i = 0; i < 64; i++) inputs[n * 64 + i] = draw.integer(150) + (i % 8 < 4 === (labels[n] === 0) ? 100 : 0)
  }
  return { inputs, labels, size }
}

const shards = [1, 2, 3].map(seed => ({ samples: pictures(seed, 60), standardisation: none }))

/** Three peers train three rounds, all at once. */
async function threePeers({ models: [model] }: LearnerPool, rules: readonly RuleSpec[] = []): Promise<number[][]> {
  const peers = shards.map((shard, peer) => ({ learner: model.learner(shard, peer), x: model.initialParameters() }))
  for (let round = 0; round < 3; round++) {
    await Promise.all(peers.map(({ learner, x }) => learner.train(x, round, { ...plan, rules })))
  }
  return peers.map(({ x }) => [...x])
}

let pool: LearnerPool
let model: PoolModel
beforeAll(async () => {
  pool = await createLearnerPool(init)
  model = pool.models[0]
}, 60_000)
afterAll(() => pool.close())

describe('a pool', () => {
  it('says what computes', () => {
    expect(pool.backend).toMatchObject({ name: 'wasm', threads: 1, reasons: [] })
    expect(pool.workers).toBe(2)
    expect(model.headLayer).toBe('output')
    expect(model.initialParameters().length).toBe(model.layout.size)
  })

  it('hands out copies of one start, on shared memory', () => {
    const x = model.initialParameters()
    expect(x.buffer).toBeInstanceOf(SharedArrayBuffer)
    x.fill(9)
    expect([...model.initialParameters()]).not.toEqual([...x])
  })

  it('learns', async () => {
    const x = model.initialParameters()
    const test = pictures(9, 200)
    const learner = model.learner(shards[0]!, 0)
    const before = await learner.evaluate(x, test)
    const report = await learner.train(x, 0, { ...plan, length: { epochs: 10 }, rules: [sam] })
    const after = await model.evaluate(x, test, none)
    expect(report).toMatchObject({ steps: 80, samples: 600 })
    expect(report.loss).toBeGreaterThan(0)
    expect(after.samples).toBe(200)
    expect(after.loss).toBeLessThan(before.loss)
    expect(after.accuracy).toBeGreaterThan(0.95)
  })

  it('counts the steps of all training, and on wasm takes none many in one call', async () => {
    const before = pool.taken
    await threePeers(pool)
    // 3 peers, 3 rounds, 2 epochs of 60 samples in batches of 8.
    expect(pool.taken).toEqual({ steps: before.steps + 3 * 3 * 16, stepsInLoop: 0 })
  })

  it('gives the same bits whoever computes, on one worker and on two', async () => {
    const together = await threePeers(pool, [sam, momentum])
    expect(await threePeers(pool, [sam, momentum])).toEqual(together)
    const single = await createLearnerPool({ ...init, workers: 1 })
    try {
      expect(await threePeers(single, [sam, momentum])).toEqual(together)
    } finally {
      await single.close()
    }
  })

  it('P3 radius zero trains to the bits of plain SGD, whatever else SAM is told', async () => {
    expect(await threePeers(pool, [{ rule: 'sam', rho: 0, adaptive: true }])).toEqual(await threePeers(pool))
  })

  it('P3 one step a round is one gradient step', async () => {
    const x = model.initialParameters()
    const learner = model.learner(shards[1]!, 1)
    const report = await learner.train(x, 0, { ...plan, length: { steps: 1 }, learningRate: 0 })
    expect(report.steps).toBe(1)
    expect([...x]).toEqual([...model.initialParameters()])
  })

  it('seeds decide the start and the batches', async () => {
    const other = await createLearnerPool({ ...init, workers: 1, seed: 6 })
    try {
      expect([...other.models[0].initialParameters()]).not.toEqual([...model.initialParameters()])
    } finally {
      await other.close()
    }
    const [a, b] = [model.initialParameters(), model.initialParameters()]
    await model.learner(shards[0]!, 0).train(a, 0, plan)
    await model.learner(shards[0]!, 1).train(b, 0, plan)
    expect([...a]).not.toEqual([...b])
  })

  it('holds no more tensors after many rounds than after the first', async () => {
    const learner = model.learner(shards[0]!, 0)
    const x = model.initialParameters()
    const rounds = async (count: number): Promise<void> => {
      for (let round = 0; round < count; round++) {
        await Promise.all([
          learner.train(x, round, { ...plan, rules: [sam, { rule: 'clip', limit: 1 }, decay, momentum] }),
          learner.evaluate(model.initialParameters(), shards[1]!.samples),
        ])
      }
    }
    // Which samples a worker has last held depends on who was free; one tensor lost a round would be ten more.
    const held = async (): Promise<number> => (await pool.memory()).reduce((sum, { tensors }) => sum + tensors, 0)
    await rounds(4)
    const before = await held()
    await rounds(10)
    expect(await held()).toBeLessThan(before + 10)
    expect(await pool.memory()).toHaveLength(2)
  })
})

describe('a pool of several models', () => {
  const mlp: ModelSpec = { kind: 'mlp', hidden: [6], head: 'output' }
  const models = [
    { model: cnn, inputShape: [8, 8, 1] },
    { model: mlp, inputShape: [64] },
    { model: cnn, inputShape: [4, 4, 1] },
  ]
  /** The same pictures, every second pixel each way. */
  const halved = ({ inputs, labels, size }: Samples): Samples => {
    const small = new Uint8Array(new SharedArrayBuffer(size * 16))
    for (let i = 0; i < small.length; i++) {
      const [n, y, x] = [i >> 4, (i >> 2) & 3, i & 3]
      small[i] = inputs[n * 64 + y * 16 + x * 2]!
    }
    return { inputs: small, labels, size }
  }

  it('trains each to the bits of a pool of its own, on data that they share too', async () => {
    const small = shards.map(shard => ({ ...shard, samples: halved(shard.samples) }))
    const trainAll = async (models: readonly PoolModel[]): Promise<number[][]> => {
      const peers = models.map((model, peer) => {
        const data = (model.inputShape[0] === 4 ? small : shards)[0]!
        return { learner: model.learner(data, peer), x: model.initialParameters() }
      })
      for (let round = 0; round < 2; round++) {
        await Promise.all(peers.map(({ learner, x }) => learner.train(x, round, plan)))
      }
      return peers.map(({ x }) => [...x])
    }
    const several = await createLearnerPool({ ...init, models })
    try {
      expect(several.models.map(({ place }) => place)).toEqual([0, 1, 2])
      expect(several.models.map(({ model }) => model.kind)).toEqual(['cnn', 'mlp', 'cnn'])
      const together = await trainAll(several.models)
      for (const [peer, choice] of models.entries()) {
        const own = await createLearnerPool({ ...init, workers: 1, models: [choice] })
        try {
          const placed = [...several.models]
          placed[peer] = own.models[0]
          expect((await trainAll(placed))[peer]).toEqual(together[peer])
        } finally {
          await own.close()
        }
      }
      const [first, flat] = several.models
      const x = flat!.initialParameters()
      await flat!.learner(shards[0]!, 0).train(x, 0, { ...plan, length: { epochs: 10 } })
      expect((await flat!.evaluate(x, pictures(9, 100), none)).accuracy).toBeGreaterThan(0.9)
      await expect(first.evaluate(x, pictures(9, 100), none)).rejects.toThrow(RangeError)
    } finally {
      await several.close()
    }
  })

  it('numbers the peers of each as it is told', async () => {
    const one = model.initialParameters()
    const [learner] = model.learners([shards[0]!], [5])
    await learner!.train(one, 0, plan)
    const other = model.initialParameters()
    await model.learner(shards[0]!, 5).train(other, 0, plan)
    expect([...one]).toEqual([...other])
  })

  it('refuses samples that are meant for another', async () => {
    const small = { samples: halved(shards[0]!.samples), standardisation: none }
    const job = model.learner(small, 0).train(model.initialParameters(), 0, plan)
    await expect(job).rejects.toThrow('960 numbers are not 60 samples of 8×8×1')
    await expect(createLearnerPool({ ...init, models: [] })).rejects.toThrow('needs a model')
  })
})

describe('what goes wrong', () => {
  it('an aborted training leaves the parameters alone, and the worker free', async () => {
    const x = model.initialParameters()
    const learner = model.learner(shards[0]!, 0)
    const stop = new AbortController()
    const job = learner.train(x, 0, { ...plan, length: { epochs: 10_000 } }, { signal: stop.signal })
    setTimeout(() => stop.abort(new Error('enough')), 100)
    await expect(job).rejects.toThrow('enough')
    expect([...x]).toEqual([...model.initialParameters()])
    await Promise.all([1, 2, 3].map(() => learner.train(model.initialParameters(), 0, plan)))
    expect([...x]).toEqual([...model.initialParameters()])
    await expect(learner.evaluate(x, shards[0]!.samples, { signal: stop.signal })).rejects.toThrow('enough')
  })

  it('a training that diverges says so and leaves the parameters alone', async () => {
    const x = model.initialParameters()
    const job = model.learner(shards[0]!, 3).train(x, 2, { ...plan, learningRate: 1e30 })
    await expect(job).rejects.toMatchObject({ name: 'HearsayError', code: 'DIVERGED' })
    await expect(job).rejects.toThrow('training diverged in round 3')
    expect([...x]).toEqual([...model.initialParameters()])
  })

  it('a training that diverged is told by its parameters, where the operations turn NaN into numbers', async () => {
    const layers = [
      { class_name: 'InputLayer', config: { name: 'in', batch_input_shape: [null, 8, 8, 1] } },
      { class_name: 'Conv2D', config: { name: 'conv', filters: 2, kernel_size: [3, 3], activation: 'relu6' } },
      { class_name: 'MaxPooling2D', config: { name: 'pool', pool_size: [2, 2] } },
      { class_name: 'Flatten', config: { name: 'flat' } },
      { class_name: 'Dense', config: { name: 'out', units: 2 } },
    ]
    const spec = { kind: 'file', path: 'model.json', head: 'out' } as const
    const topology = { class_name: 'Sequential', config: { name: 'model', layers } }
    const own = await createLearnerPool({
      ...init,
      workers: 1,
      models: [{ model: spec, inputShape: [8, 8, 1], topology }],
    })
    try {
      const [sound] = own.models
      const x = sound.initialParameters()
      x[0] = Number.NaN
      const learner = sound.learner(shards[0]!, 1)
      // Nothing is wrong as far as the loss can tell: on wasm relu6 makes 6 of NaN.
      expect((await learner.evaluate(x, shards[0]!.samples)).loss).toBeLessThan(10)
      await expect(learner.train(x, 0, plan)).rejects.toThrow('parameters are no longer finite')
    } finally {
      await own.close()
    }
  })

  it('misuse is an error at once', async () => {
    const learner = model.learner(shards[0]!, 0)
    await expect(learner.train(new Float32Array(model.layout.size), 0, plan)).rejects.toThrow('shared memory')
    await expect(learner.train(new Float32Array(3), 0, plan)).rejects.toThrow('3 parameters for a model of')
    const unshared = { ...shards[0]!.samples, inputs: new Uint8Array(60 * 64) }
    await expect(learner.evaluate(model.initialParameters(), unshared)).rejects.toThrow('samples must lie on shared')
    const empty = model.learner({ samples: pictures(1, 0), standardisation: none }, 4)
    await expect(empty.train(model.initialParameters(), 0, plan)).rejects.toThrow('there are no samples to train on')
  })

  it('a closed pool rejects what is not done and what comes later; closing again is fine', async () => {
    const other = await createLearnerPool({ ...init, workers: 1 })
    const learner = other.models[0].learner(shards[0]!, 0)
    const running = learner.train(other.models[0].initialParameters(), 0, { ...plan, length: { epochs: 10_000 } })
    const waiting = learner.train(other.models[0].initialParameters(), 0, plan)
    const outcomes = Promise.allSettled([running, waiting])
    await Promise.all([other.close(), other.close()])
    for (const outcome of await outcomes) {
      expect(outcome.status === 'rejected' && outcome.reason.message).toBe('the learner pool was closed')
    }
    await expect(learner.train(other.models[0].initialParameters(), 0, plan)).rejects.toThrow(
      'the learner pool was closed',
    )
    await other.close()
  })

  it('a pool that cannot start says why and leaves nothing running', async () => {
    await expect(createLearnerPool({ ...init, models: [{ model: cnn, inputShape: [64] }] })).rejects.toMatchObject({
      code: 'MODEL',
      message: 'model: cnn takes images and the data has 64 features; use logistic or mlp',
    })
    await expect(createLearnerPool(init, { signal: AbortSignal.abort(new Error('never mind')) })).rejects.toThrow(
      'never mind',
    )
    const stop = new AbortController()
    const starting = createLearnerPool(init, { signal: stop.signal })
    stop.abort(new Error('too slow'))
    await expect(starting).rejects.toThrow('too slow')
  })
})

describe('backends', () => {
  const inModules = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'].some(name => {
    try {
      return import.meta.resolve(name) !== undefined
    } catch {
      return false
    }
  })
  const installed = inModules || installedNative() !== undefined

  it.skipIf(installed)('one that was asked for and is not there is an error with the remedy', async () => {
    await expect(createLearnerPool({ ...init, backend: 'node' })).rejects.toMatchObject({
      code: 'BACKEND',
      message:
        'backend node: @tensorflow/tfjs-node-gpu is not installed; @tensorflow/tfjs-node is not installed; hearsay backend install puts native TensorFlow there',
    })
    await expect(createLearnerPool({ ...init, backend: 'node-gpu' })).rejects.toThrow(
      'backend node-gpu: @tensorflow/tfjs-node-gpu is not installed; ',
    )
  })

  it.skipIf(installed)('auto says why it took a lesser one', async () => {
    const auto = await createLearnerPool({ ...init, backend: 'auto', workers: 1 })
    expect(auto.backend.name).toBe('wasm')
    expect(auto.backend.reasons).toEqual([
      'node-gpu: @tensorflow/tfjs-node-gpu is not installed',
      expect.stringMatching(/^webgpu: /),
      'node: @tensorflow/tfjs-node-gpu is not installed; @tensorflow/tfjs-node is not installed',
    ])
    await auto.close()
  })

  it.runIf(installed)('native peers side by side end where each ends alone, and twice with the same bits', async () => {
    const native = await createLearnerPool({
      ...init,
      backend: 'node',
      models: [{ model: { kind: 'mlp', hidden: [20], head: 'output' }, inputShape: [8, 8, 1] }],
      workers: 1,
    })
    try {
      const four = [60, 60, 41, 77].map((size, seed) => ({ samples: pictures(seed, size), standardisation: none }))
      const together = async (): Promise<number[][]> => {
        const peers = native.models[0]
          .learners(four)
          .map(learner => ({ learner, x: native.models[0].initialParameters() }))
        for (const round of [0, 1]) {
          const reports = await Promise.all(peers.map(({ learner, x }) => learner.train(x, round, plan)))
          expect(reports.map(({ samples }) => samples)).toEqual(four.map(({ samples }) => 2 * samples.size))
        }
        return peers.map(({ x }) => [...x])
      }
      const first = await together()
      expect(await together()).toEqual(first)
      for (const [peer, data] of four.entries()) {
        const x = native.models[0].initialParameters()
        for (const round of [0, 1]) await native.models[0].learner(data, peer).train(x, round, plan)
        for (const [i, value] of first[peer]!.entries()) expect(Math.abs(value - x[i]!)).toBeLessThan(1e-5)
      }
    } finally {
      await native.close()
    }
  })

  it('a peer that left keeps nobody waiting', async () => {
    const [one, two] = model.learners(shards.slice(0, 2))
    two!.leave()
    await expect(one!.train(model.initialParameters(), 0, plan)).resolves.toMatchObject({ samples: 120 })
  })

  it.runIf(installed)(
    'the native one agrees with wasm',
    async () => {
      const native = await createLearnerPool({ ...init, backend: 'auto' })
      try {
        expect(native.backend.name).not.toBe('wasm')
        expect([...native.models[0].initialParameters()]).toEqual([...model.initialParameters()])
        const [a, b] = [await threePeers(native, [sam]), await threePeers(pool, [sam])]
        for (const [peer, values] of a.entries()) {
          for (const [i, value] of values.entries()) expect(Math.abs(value - b[peer]![i]!)).toBeLessThan(1e-3)
        }
      } finally {
        await native.close()
      }
    },
    60_000,
  )
})
