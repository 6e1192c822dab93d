import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Samples, Standardisation } from '../../src/data/dataset.js'
import type { ErrorCode } from '../../src/errors.js'
import { createLearnerPool, jobType, type LearnerPool, type LearnerPoolInit } from '../../src/learner/index.js'
import { handler } from '../../src/learner/job-handler.js'
import { serve } from '../../src/learner/serve.js'
import { random } from '../../src/random.js'

interface LogitsAsk {
  readonly place: number
  readonly parameters: Float32Array
  readonly logits: Float32Array
}
const logits = jobType<LogitsAsk, { readonly rows: number }>('test/logits')
const untilAborted = jobType<{ readonly written: Int32Array }, void>('test/until-aborted')
const fails = jobType<{ readonly code?: ErrorCode }, void>('test/fails')

const none: Standardisation = { mean: new Float32Array(1), std: new Float32Array([1]) }
const init: LearnerPoolInit = {
  backend: 'wasm',
  workers: 1,
  models: [
    { model: { kind: 'logistic', head: 'output' }, inputShape: [3] },
    { model: { kind: 'mlp', hidden: [4], head: 'output' }, inputShape: [3] },
  ],
  classes: 2,
  seed: 1,
  modules: [new URL('../fixtures/learner/worker-module.mjs', import.meta.url)],
}

function noise(size: number): Samples {
  const draw = random(3, 'serve test')
  const inputs = new Float32Array(new SharedArrayBuffer(size * 12))
  for (let i = 0; i < inputs.length; i++) inputs[i] = draw.uniform()
  return { inputs, labels: new Int32Array(new SharedArrayBuffer(size * 4)), size }
}

// Held by the file: of samples that nobody holds any more the worker lets go, at a moment of the garbage collector's.
const [five, nine] = [noise(5), noise(9)]

let pool: LearnerPool
beforeAll(async () => {
  pool = await createLearnerPool(init)
}, 60_000)
afterAll(() => pool.close())

describe('a job of another room', () => {
  it('runs on the device with the models and the data, and writes to shared memory', async () => {
    const samples = five
    const [model] = pool.models
    const parameters = model.initialParameters()
    const out = new Float32Array(new SharedArrayBuffer(5 * 2 * 4))
    const ask = { place: model.place, parameters, logits: out }
    expect(await pool.submit(logits, ask, [{ samples, standardisation: none }])).toEqual({ rows: 5 })
    for (let row = 0; row < 5; row++) {
      for (const k of [0, 1]) {
        const inputs = [...samples.inputs.subarray(row * 3, row * 3 + 3)]
        const expected = inputs.reduce((sum, x, i) => sum + x * parameters[i * 2 + k]!, parameters[6 + k]!)
        expect(out[row * 2 + k]).toBeCloseTo(expected, 5)
      }
    }
  })

  it('leaves the learner what it is', async () => {
    const data = { samples: nine, standardisation: none }
    const out = new Float32Array(new SharedArrayBuffer(9 * 2 * 4))
    const [, mlp] = pool.models
    const ask = { place: mlp!.place, parameters: mlp!.initialParameters(), logits: out }
    await pool.submit(logits, ask, [data])
    const before = await pool.memory()
    const evaluation = await mlp!.evaluate(ask.parameters, data.samples, none)
    await pool.submit(logits, ask, [data])
    expect(await mlp!.evaluate(ask.parameters, data.samples, none)).toEqual(evaluation)
    expect(await pool.memory()).toEqual(before)
  })

  it('ends when it is aborted, waiting or running, and then writes nothing', async () => {
    const written = new Int32Array(new SharedArrayBuffer(4))
    const stop = new AbortController()
    const running = pool.submit(untilAborted, { written }, [], { signal: stop.signal })
    const waiting = pool.submit(untilAborted, { written }, [], { signal: stop.signal })
    setTimeout(() => stop.abort(new Error('enough')), 50)
    await expect(running).rejects.toThrow('enough')
    await expect(waiting).rejects.toThrow('enough')
    await expect(pool.submit(untilAborted, { written }, [], { signal: stop.signal })).rejects.toThrow('enough')
    expect((await pool.memory()).length).toBe(1)
    expect(written[0]).toBe(0)
  })

  it('comes with rules of a step, which local plans name', async () => {
    const learner = pool.models[1]!.learner({ samples: nine, standardisation: none }, 0)
    const plan = { length: { epochs: 1 }, batch: 4, learningRate: 0.1 }
    const parameters = pool.models[1]!.initialParameters()
    await learner.train(parameters, 0, { ...plan, rules: [{ rule: 'test/still' }] })
    expect(parameters).toEqual(pool.models[1]!.initialParameters())
    await learner.train(parameters, 0, { ...plan, rules: [] })
    expect(parameters).not.toEqual(pool.models[1]!.initialParameters())
    await expect(learner.train(parameters, 0, { ...plan, rules: [{ rule: 'test/unheard' }] })).rejects.toThrow(
      'this worker has no rule "test/unheard"',
    )
  })

  it('comes with backends: auto tries them first, and says why not one of them', async () => {
    const own = await createLearnerPool({ ...init, backend: 'auto' })
    try {
      expect(own.backend).toMatchObject({ name: 'test/plain', reasons: ['test/broken: there is none'] })
      const parameters = own.models[1]!.initialParameters()
      const learner = own.models[1]!.learner({ samples: nine, standardisation: none }, 0)
      const plan = { length: { epochs: 1 }, batch: 4, learningRate: 0.1, rules: [] }
      expect(await learner.train(parameters, 0, plan)).toMatchObject({ steps: 3, samples: 9 })
      expect(parameters).not.toEqual(own.models[1]!.initialParameters())
    } finally {
      await own.close()
    }
    const broken = createLearnerPool({ ...init, backend: 'test/broken' })
    await expect(broken).rejects.toThrow('backend test/broken: there is none; make one')
  })

  it('passes on what its handler threw', async () => {
    await expect(pool.submit(fails, { code: 'RUN' }, [])).rejects.toMatchObject({
      name: 'HearsayError',
      code: 'RUN',
      message: 'a mistake',
    })
    await expect(pool.submit(fails, {}, [])).rejects.toThrow('a bug')
    await expect(pool.submit(jobType<object, void>('test/unheard'), {}, [])).rejects.toThrow('no job "test/unheard"')
  })

  it('is refused samples of another shape, and unknown to the learner by itself', async () => {
    const samples = { ...noise(4), size: 2 }
    const ask = { place: 0, parameters: pool.models[0].initialParameters(), logits: new Float32Array() }
    await expect(pool.submit(logits, ask, [{ samples, standardisation: none }])).rejects.toThrow('12 numbers are not 2')
    const { modules, ...plain } = init
    const own = await createLearnerPool(plain)
    try {
      await expect(own.submit(fails, {}, [])).rejects.toThrow('this worker has no job "test/fails"')
    } finally {
      await own.close()
    }
  })

  it.each([
    ['is not there', 'file:///nowhere/module.mjs', 'nowhere'],
    ['adds nothing', 'data:text/javascript,export const rules = []', 'has no default export'],
  ])('is missed when its module %s', async (_, url, message) => {
    await expect(createLearnerPool({ ...init, modules: [new URL(url)] })).rejects.toThrow(message)
  })

  it('is served in a worker only', () => {
    expect(() => serve([{ jobs: [handler(fails, async () => {})] }])).toThrow(/worker/)
  })
})
