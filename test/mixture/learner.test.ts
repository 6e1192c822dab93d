import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Samples, Standardisation } from '../../src/data/dataset.js'
import { gradeOf, largestOfRows } from '../../src/data/index.js'
import { createLearnerPool, type LearnerPool, type LocalPlan, type ModelChoice } from '../../src/learner/index.js'
import {
  createMixtureLearner,
  type Expert,
  type MixtureLearner,
  type MixtureSettings,
  mixtureModule,
} from '../../src/mixture/index.js'
import { random } from '../../src/random.js'
import { headOf, headSection } from '../../src/tensors/index.js'
import { settingsOf } from './nets.js'

const plan: LocalPlan = { length: { epochs: 2 }, batch: 8, learningRate: 0.05, rules: [] }
const none: Standardisation = { mean: new Float32Array(1), std: new Float32Array([1]) }
const seed = 5
const rounds = 6

/** Pictures with one of four quarters bright. A peer sees mostly two of the classes. */
function pictures(draws: number, size: number, favoured?: readonly number[]): Samples {
  const draw = random(draws, 'pictures')
  const inputs = new Uint8Array(new SharedArrayBuffer(size * 64))
  const labels = new Int32Array(new SharedArrayBuffer(size * 4))
  for (let n = 0; n < size; n++) {
    const label =
      favoured !== undefined && draw.uniform() < 0.8 ? favoured[draw.integer(favoured.length)]! : draw.integer(4)
    labels[n] = label
    for (let i = 0; i < 64; i++) {
      const quarter = (i % 8 < 4 ? 0 : 1) + (i < 32 ? 0 : 2)
      inputs[n * 64 + i] = draw.integer(150) + (quarter === label ? 60 : 0)
    }
  }
  return { inputs, labels, size }
}

const shards = [
  [0, 1],
  [1, 2],
  [2, 3],
].map((favoured, i) => ({ samples: pictures(i, 80, favoured), standardisation: none }))
const test = pictures(9, 120)

const models: readonly ModelChoice[] = [
  { model: { kind: 'mlp', hidden: [16, 8], head: 'output' }, inputShape: [8, 8, 1] },
  { model: { kind: 'cnn', channels: [4], hidden: 8, head: 'output' }, inputShape: [8, 8, 1] },
]
const poolInit = { backend: 'wasm' as const, models, classes: 4, seed, modules: [mixtureModule()] }

let pool: LearnerPool
let trained: { parameters: Float32Array; place: number }[]
beforeAll(async () => {
  pool = await createLearnerPool({ ...poolInit, workers: 2 })
  trained = await Promise.all(
    shards.map(async (shard, peer) => {
      const place = peer % 2
      const model = pool.models[place]!
      const parameters = model.initialParameters()
      for (let round = 0; round < 3; round++) await model.learner(shard, peer).train(parameters, round, plan)
      return { parameters, place }
    }),
  )
}, 60_000)
afterAll(() => pool.close())

/** All peers' heads but one's own. Bodies differ; heads do not. */
function expertsOf(self: number): Expert[] {
  return trained.flatMap(({ parameters, place }, peer) => {
    if (peer === self) return []
    const model = pool.models[place]!
    const view = headOf(parameters, headSection(model.layout, model.headLayer))
    const head = new Float32Array(new SharedArrayBuffer(view.byteLength))
    head.set(view)
    return [{ peer: `peer-${peer}`, round: 0, head }]
  })
}

function learner(peer: number, changed: Partial<MixtureSettings> = {}, on = pool, local = plan): MixtureLearner {
  return createMixtureLearner({
    pool: on,
    model: on.models[trained[peer]!.place]!,
    data: shards[peer]!,
    peer,
    seed,
    settings: settingsOf({ epochs: 2, learningRate: 0.05, ...changed }),
    localPlan: () => local,
    rounds,
  })
}

function copyOf(values: Float32Array): Float32Array {
  const copy = new Float32Array(new SharedArrayBuffer(values.byteLength))
  copy.set(values)
  return copy
}

const bitsOf = ({ weights }: MixtureLearner): unknown => [
  [...weights.values],
  [...weights.transforms].map(([peer, values]) => [peer, ...values]),
  [...weights.gate],
]

describe('a mixture over received heads', () => {
  it('learns, and says who was listened to', async () => {
    const peer = learner(1)
    const { parameters } = trained[1]!
    const experts = expertsOf(1)
    const held = copyOf(parameters)
    const heads = experts.map(({ head }) => [...head])
    const before = await peer.evaluate(parameters, experts, shards[1]!.samples)
    const { taken } = pool
    let report = await peer.train(0, parameters, experts)
    expect(report).toMatchObject({ steps: 20, stepsInLoop: 0, samples: 160 })
    expect(pool.taken).toEqual({ steps: taken.steps + 20, stepsInLoop: taken.stepsInLoop })
    const first = report.loss
    for (let round = 1; round < 4; round++) report = await peer.train(round, parameters, experts)
    expect(report.loss).toBeLessThan(first)
    const after = await peer.evaluate(parameters, experts, shards[1]!.samples)
    expect(after.mixture.loss).toBeLessThan(before.mixture.loss)
    expect(after.own).toEqual(before.own)
    expect(after.bestExpert?.peer).toMatch(/^peer-[02]$/)
    for (const { own, experts } of [report.gate, after.gate]) {
      expect(experts.map(({ peer }) => peer)).toEqual(['peer-0', 'peer-2'])
      expect(experts.reduce((sum, { weight }) => sum + weight, own)).toBeCloseTo(1, 5)
    }
    // P19: the body and all heads are frozen, to the last bit.
    expect(parameters).toEqual(held)
    expect(experts.map(({ head }) => [...head])).toEqual(heads)
  })

  it('P18 without experts is the own model', async () => {
    for (const tokens of ['logits', 'probabilities'] as const) {
      const peer = learner(0, { tokens })
      const { parameters, place } = trained[0]!
      const local = await pool.models[place]!.evaluate(parameters, test, none)
      expect(await peer.train(0, parameters, [])).toMatchObject({ steps: 0, gate: { own: 1, experts: [] } })
      const { own, mixture, bestExpert, gate } = await peer.evaluate(parameters, [], test)
      expect(own.accuracy).toBe(local.accuracy)
      expect(mixture.accuracy).toBe(local.accuracy)
      expect(mixture.loss).toBeCloseTo(local.loss, 5)
      expect(bestExpert).toBeUndefined()
      expect(gate).toEqual({ own: 1, experts: [] })
    }
  })

  it('predicts what it is evaluated by', async () => {
    const peer = learner(2)
    const { parameters } = trained[2]!
    const experts = expertsOf(2)
    await peer.train(0, parameters, experts)
    const { outputs, weights, width, experts: names } = await peer.predict(parameters, experts, test)
    expect([width, names]).toEqual([4, ['peer-0', 'peer-1']])
    expect(outputs.length).toBe(test.size * 4)
    let right = 0
    for (let n = 0; n < test.size; n++) {
      const row = [...outputs.subarray(n * 4, n * 4 + 4)]
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5)
      if (row.indexOf(Math.max(...row)) === test.labels[n]) right++
    }
    const { own: alone, mixture, gate } = await peer.evaluate(parameters, experts, test, { graded: true })
    const said = largestOfRows(outputs, 4)
    const { confusion, auroc } = gradeOf({ probabilities: outputs, said, labels: test.labels, classes: 4 })
    expect(mixture.confusion).toEqual(confusion)
    const plain = await peer.evaluate(parameters, experts, test)
    expect(plain.mixture).toMatchObject({ confusion })
    expect(plain.mixture).not.toHaveProperty('auroc')
    expect(mixture.auroc).toBeCloseTo(auroc!, 4)
    expect(alone).not.toHaveProperty('auroc')
    expect(mixture.accuracy).toBeCloseTo(right / test.size, 6)
    const own = Array.from({ length: test.size }, (_, n) => weights[n * 3]!).reduce((a, b) => a + b) / test.size
    expect(gate.own).toBeCloseTo(own, 5)
  })

  it('depends on seed, peer and round, and not on who computes or in what order heads came', async () => {
    const run = async (on: LearnerPool, turned: boolean): Promise<unknown> => {
      const peer = learner(1, {}, on)
      const experts = turned ? expertsOf(1).reverse() : expertsOf(1)
      for (let round = 0; round < 2; round++) await peer.train(round, trained[1]!.parameters, experts)
      return bitsOf(peer)
    }
    const together = await run(pool, false)
    expect(await run(pool, true)).toEqual(together)
    const single = await createLearnerPool({ ...poolInit, workers: 1 })
    try {
      expect(await run(single, false)).toEqual(together)
    } finally {
      await single.close()
    }
  })

  it.for(['alternate', 'joint'] as const)(
    'takes its steps many in one call on native TensorFlow, to what wasm ends with: %s',
    async (schedule, { skip }) => {
      const native = await createLearnerPool({ ...poolInit, backend: 'auto', workers: 1 })
      try {
        skip(native.backend.name !== 'node', 'native TensorFlow is not the best backend here')
        const { parameters } = trained[1]!
        const ends = []
        for (const on of [native, pool]) {
          const peer = learner(1, { schedule }, on)
          const report = await peer.train(0, copyOf(parameters), expertsOf(1))
          expect(report).toMatchObject({ steps: 20, stepsInLoop: on === native ? 19 : 0 })
          ends.push([...peer.weights.values])
        }
        expect(native.taken).toEqual({ steps: 20, stepsInLoop: 19 })
        for (const [i, value] of ends[0]!.entries()) expect(Math.abs(value - ends[1]![i]!)).toBeLessThan(1e-4)
      } finally {
        await native.close()
      }
    },
  )

  it('goes on from what is kept as if it had never stopped', async () => {
    const settings = { topExperts: 1 }
    const [peer, back] = [learner(0, settings), learner(0, settings)]
    const { parameters } = trained[0]!
    for (const round of [0, 1]) await peer.train(round, parameters, expertsOf(0))
    back.restore(peer.kept())
    for (const one of [peer, back]) await one.train(2, parameters, expertsOf(0))
    const sorted = (one: MixtureLearner) => [[...one.weights.transforms].sort(), [...one.weights.gate].sort()]
    expect(back.weights.values).toEqual(peer.weights.values)
    expect(sorted(back)).toEqual(sorted(peer))
    expect(() => learner(0, { attention: 7 }).restore(peer.kept(), 'the mixture')).toThrow(
      'the mixture: "query/kernel" is 8×32, not 8×7',
    )
  })

  it('lets new experts in first, then those that are listened to', async () => {
    const peer = learner(0, { topExperts: 1 })
    const { parameters } = trained[0]!
    const seen = []
    for (let round = 0; round < 3; round++) {
      const { gate } = await peer.train(round, parameters, expertsOf(0))
      seen.push(gate.experts.map(({ peer }) => peer).join())
    }
    expect(seen.slice(0, 2)).toEqual(['peer-1', 'peer-2'])
    const [best] = [...peer.weights.gate].sort((a, b) => b[1] - a[1])
    expect((await peer.evaluate(parameters, expertsOf(0), test)).gate.experts).toMatchObject([{ peer: best![0] }])
  })

  it('waits for the warm-up', async () => {
    const peer = learner(0, { warmUp: 2 })
    const { parameters } = trained[0]!
    expect(await peer.train(1, parameters, expertsOf(0))).toMatchObject({ steps: 0 })
    expect(await peer.train(2, parameters, expertsOf(0))).toMatchObject({ steps: 20 })
  })

  const ablations: Partial<MixtureSettings>[] = [
    { gate: 'mean' },
    { transform: false },
    { gate: 'mean', transform: false, trainHead: true },
  ]
  it.each(ablations)('has the ablation %j', async settings => {
    const peer = learner(1, settings)
    const parameters = copyOf(trained[1]!.parameters)
    const first = await peer.train(0, parameters, expertsOf(1))
    let last = first
    for (let round = 1; round < 4; round++) last = await peer.train(round, parameters, expertsOf(1))
    expect(last.loss).toBeLessThan(first.loss)
    if (settings.gate === 'mean') expect(last.gate.own).toBeCloseTo(1 / 3, 5)
  })

  it('has nothing to train where both ablations are on', async () => {
    const peer = learner(1, { gate: 'mean', transform: false })
    const { parameters } = trained[1]!
    expect(await peer.train(0, parameters, expertsOf(1))).toMatchObject({ steps: 0, gate: { own: 1 / 3 } })
    const { gate } = await peer.evaluate(parameters, expertsOf(1), test)
    expect(gate.own).toBeCloseTo(1 / 3, 5)
    const joint = learner(1, { gate: 'mean', transform: false, schedule: 'joint' })
    expect(await joint.train(2, copyOf(parameters), expertsOf(1))).toMatchObject({ steps: 20 })
  })

  it('moves the own head where it is told to, and the body never', async () => {
    const peer = learner(1, { trainHead: true })
    const parameters = copyOf(trained[1]!.parameters)
    const { start } = headSection(pool.models[1]!.layout, pool.models[1]!.headLayer)
    await peer.train(0, parameters, expertsOf(1))
    expect(parameters.subarray(0, start)).toEqual(trained[1]!.parameters.subarray(0, start))
    expect(parameters.subarray(start)).not.toEqual(trained[1]!.parameters.subarray(start))
  })
})

describe('the joint schedule', () => {
  const joint = { schedule: 'joint' as const, warmUp: 1 }

  it('is local training before anything was received, to float error', async () => {
    const peer = learner(0, joint)
    const { place } = trained[0]!
    const [mixed, local] = [copyOf(trained[0]!.parameters), copyOf(trained[0]!.parameters)]
    const report = await peer.train(0, mixed, expertsOf(0))
    const plain = await pool.models[place]!.learner(shards[0]!, 0).train(local, 0, plan)
    expect(report).toMatchObject({ steps: plain.steps, gate: { own: 1, experts: [] } })
    expect(report.loss).toBeCloseTo(plain.loss, 5)
    expect(Math.max(...mixed.map((value, i) => Math.abs(value - local[i]!)))).toBeLessThan(1e-5)
  })

  it('trains everything, without a gradient of the mixture into the body', async () => {
    const peer = learner(1, joint)
    const [mixed, local] = [copyOf(trained[1]!.parameters), copyOf(trained[1]!.parameters)]
    // In the first round after the warm-up all of the loss is local: the body and head move as if alone.
    const report = await peer.train(1, mixed, expertsOf(1))
    await pool.models[1]!.learner(shards[1]!, 1).train(local, 1, plan)
    expect(Math.max(...mixed.map((value, i) => Math.abs(value - local[i]!)))).toBeLessThan(1e-5)
    expect(report.gate.experts).toHaveLength(2)
    let last = report
    for (let round = 2; round < rounds; round++) last = await peer.train(round, mixed, expertsOf(1))
    expect(last.loss).toBeLessThan(report.loss)
    expect(mixed).not.toEqual(local)
  })

  it('takes SAM, momentum and decay along', async () => {
    const peer = learner(1, joint, pool, {
      ...plan,
      rules: [
        { rule: 'sam', rho: 0.05, adaptive: false },
        { rule: 'weightDecay', factor: 1e-4 },
        { rule: 'momentum', factor: 0.5 },
      ],
    })
    const report = await peer.train(3, copyOf(trained[1]!.parameters), expertsOf(1))
    expect(report.gate.experts.reduce((sum, { weight }) => sum + weight, report.gate.own)).toBeCloseTo(1, 5)
  })
})

describe('an absurd head', () => {
  it.each(['logits', 'probabilities'] as const)('costs its own contribution: %s', async tokens => {
    const { parameters } = trained[1]!
    const draw = random(1, 'absurd')
    const absurd = copyOf(expertsOf(1)[0]!.head.map(() => (draw.uniform() - 0.5) * 2000))
    const experts = [...expertsOf(1), { peer: 'zz', round: 0, head: absurd }]
    const peer = learner(1, { tokens, learningRate: 0.01 })
    for (let round = 0; round < 12; round++) await peer.train(round, parameters, experts)
    const { own, mixture } = await peer.evaluate(parameters, experts, shards[1]!.samples)
    expect(mixture.accuracy).toBeGreaterThan(own.accuracy! - 0.1)
  })
})

describe('a job of the mixture', () => {
  it.each(['alternate', 'joint'] as const)('changes nothing when it is aborted: %s', async schedule => {
    const peer = learner(1, { schedule, epochs: 5000 }, pool, { ...plan, length: { epochs: 5000 } })
    const parameters = copyOf(trained[1]!.parameters)
    const experts = expertsOf(1)
    const abort = new AbortController()
    const job = peer.train(3, parameters, experts, { signal: abort.signal })
    const before = JSON.stringify(bitsOf(peer))
    setTimeout(() => abort.abort(new Error('enough')), 150)
    await expect(job).rejects.toThrow('enough')
    // The worker is free again, and has written nothing.
    await peer.evaluate(parameters, experts, test)
    expect(parameters).toEqual(trained[1]!.parameters)
    expect(JSON.stringify(bitsOf(peer))).toBe(before)
    await expect(peer.train(4, parameters, experts, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow(
      'no',
    )
  })

  it('changes nothing when it diverges, and says what to do', async () => {
    const peer = learner(1, { learningRate: 1e30, clip: 1e30, trainHead: true })
    const parameters = copyOf(trained[1]!.parameters)
    const job = peer.train(7, parameters, expertsOf(1))
    const before = JSON.stringify(bitsOf(peer))
    await expect(job).rejects.toMatchObject({
      code: 'DIVERGED',
      message: expect.stringMatching(/^the mixture diverged in round 8: .*lower merge\.learningRate or merge\.clip$/),
    })
    expect(parameters).toEqual(trained[1]!.parameters)
    expect(JSON.stringify(bitsOf(peer))).toBe(before)
  })

  it('refuses what does not fit', async () => {
    const peer = learner(0)
    const { parameters } = trained[0]!
    const short = { peer: 'a', round: 0, head: new Float32Array(new SharedArrayBuffer(8)) }
    await expect(peer.train(0, parameters, [short])).rejects.toThrow('the head of a has 2 numbers')
    const [expert] = expertsOf(0)
    const unshared = { ...expert!, head: new Float32Array(expert!.head) }
    await expect(peer.train(0, parameters, [unshared])).rejects.toThrow(TypeError)
    await expect(peer.evaluate(parameters.subarray(1), [], test)).rejects.toThrow(RangeError)
    await expect(peer.evaluate(parameters, [], { ...test, size: 9 })).rejects.toThrow('are not 9 samples')
  })

  it('leaves no tensor behind', async () => {
    const peers = [
      learner(0),
      learner(1, { schedule: 'joint' }),
      learner(2, { trainHead: true, tokens: 'probabilities' }),
    ]
    const cycle = async (first: number): Promise<void> => {
      for (let round = first; round < first + 3; round++) {
        await Promise.all(
          peers.flatMap((peer, i) => {
            const { parameters } = trained[i]!
            return [
              peer.train(round, copyOf(parameters), expertsOf(i)),
              peer.evaluate(parameters, expertsOf(i), test),
              peer.predict(parameters, expertsOf(i), test),
            ]
          }),
        )
      }
    }
    await cycle(0)
    await cycle(3)
    const before = await pool.memory()
    await cycle(6)
    expect(await pool.memory()).toEqual(before)
  })
})
