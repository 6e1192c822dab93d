import { describe, expect, it } from 'vitest'
import type { Learner, LocalPlan } from '../../src/learner/index.js'
import { type MethodEvent, methodNamed, type Neighbourhood, type SessionContext } from '../../src/methods/index.js'
import { headSection, layoutOf } from '../../src/tensors/index.js'
import { mixingMatrix } from '../../src/topology/index.js'
import { numbered } from '../data/samples.js'
import { build } from '../merge/rounds.js'
import { createTable, never, type Way } from './peers.js'

/** Peer i's loss is a_i/2 ‖x − b_i‖²: one number of each, so that everything can be calculated by hand. */
const bowls = [
  { a: 1, b: 4 },
  { a: 3, b: -4 },
  { a: 0.5, b: 1 },
]
const optimum = bowls.reduce((sum, { a, b }) => sum + a * b, 0) / bowls.reduce((sum, { a }) => sum + a, 0)
const [steps, learningRate, size] = [5, 0.1, 2]

const head = headSection(layoutOf([{ name: 'dense/kernel', shape: [size] }]))

/** Plain SGD down the bowl, along whatever correction the plan has. */
function learnerOf({ a, b }: (typeof bowls)[number]): Learner {
  return {
    async train(x: Float32Array, _round: number, { rules }: LocalPlan) {
      const by = rules.flatMap(rule => (rule.rule === 'correction' ? [rule.by as Float32Array] : []))
      for (let step = 0; step < steps; step++) {
        for (let k = 0; k < x.length; k++) {
          x[k] = x[k]! - learningRate * (a * (x[k]! - b) + by.reduce((sum, values) => sum + values[k]!, 0))
        }
      }
      return { loss: 0, samples: 1, moved: 1, steps, seconds: 0 }
    },
    evaluate: async () => ({ loss: 0, accuracy: 1, samples: 1 }),
  } as never
}

async function descend(method: string, rounds: number, way: Way = (_from, _to, _round, values) => values) {
  const topology = build('full', bowls.length)
  const table = createTable(bowls.length, way)
  const members = bowls.map((_, peer) => ({ name: `peer-${peer}`, peerId: `id-${peer}` }))
  const events: MethodEvent[][] = bowls.map(() => [])
  const models = bowls.map(() => new Float32Array(size))
  const section = { method } as const
  const plan = methodNamed(method).plan(section, { isOfValues: false, head })
  await Promise.all(
    bowls.map(async (bowl, self) => {
      const context: Partial<SessionContext> = {
        name: `peer-${self}`,
        // The bowls lie far apart: who believes nobody learns nothing of them.
        limits: { headDistance: 20, headRadius: 100, lossIncrease: 10 },
        localPlan: () => ({ length: { steps }, batch: 1, learningRate, rules: [] }),
        learner: learnerOf(bowl),
        data: { samples: numbered([0]) } as never,
        parameters: models[self]!,
        head,
        uninformed: 1,
      }
      const session = plan.start(context as SessionContext, table.roadsOf(self))
      const graph = topology.graphAt(0)
      const row = mixingMatrix(graph, topology.weights)[self]!
      const where: Neighbourhood = { members, numbers: new Map(), self, topology, graph, row }
      for (let round = 0; round < rounds; round++) {
        await session.train(round, never)
        const turn = { round, where, head: models[self]! }
        for await (const event of session.exchange!(turn, never)) events[self]!.push(event)
      }
    }),
  )
  return { models, events }
}

/** Algorithm 1 of arXiv 1910.06378 with all clients, option II and η_g = 1, of one number. */
function published(rounds: number): number {
  let x = 0
  let c = 0
  const own = bowls.map(() => 0)
  for (let round = 0; round < rounds; round++) {
    const after = bowls.map(({ a, b }, i) => {
      let y = x
      for (let step = 0; step < steps; step++) y -= learningRate * (a * (y - b) - own[i]! + c)
      return y
    })
    const before = [...own]
    for (const [i, y] of after.entries()) own[i] = before[i]! - c + (x - y) / (steps * learningRate)
    x = after.reduce((sum, y) => sum + y, 0) / bowls.length
    c += own.reduce((sum, value, i) => sum + value - before[i]!, 0) / bowls.length
  }
  return x
}

describe('SCAFFOLD', () => {
  it('on a full graph with equal weights is the published algorithm', async () => {
    for (const rounds of [1, 2, 3, 10]) {
      const { models } = await descend('scaffold', rounds)
      for (const model of models) for (const value of model) expect(value).toBeCloseTo(published(rounds), 5)
    }
  })

  it('finds the optimum of all, where averages of what everybody has trained stay beside it', async () => {
    const [scaffold, averages] = [await descend('scaffold', 60), await descend('dfedavg', 60)]
    for (const [value] of scaffold.models) expect(value).toBeCloseTo(optimum, 3)
    for (const [value] of averages.models) expect(Math.abs(value! - optimum)).toBeGreaterThan(0.1)
  })

  it('does not take in a control variate that is far too long, and finds the way without it', async () => {
    const lying: Way = (from, _to, _round, values) => {
      if (from === 2) values.fill(1e4, size)
      return values
    }
    const { models, events } = await descend('scaffold', 60, lying)
    for (const peer of [0, 1]) {
      const refused = events[peer]!.flatMap(event => (event.type === 'refused' ? event.heads : []))
      expect(refused[0]).toMatchObject({ peer: 2, name: 'peer-2', reason: 'TOO_LONG' })
      for (const value of models[peer]!) expect(Math.abs(value)).toBeLessThan(4)
    }
  })

  it('goes on with the control variate that it kept, where it comes back and trains no more', async () => {
    const [bowl] = bowls as unknown as [(typeof bowls)[number]]
    const plan = methodNamed('scaffold').plan({ method: 'scaffold' }, { isOfValues: false, head })
    const started = (learner: Learner) => {
      const context: Partial<SessionContext> = {
        name: 'peer-0',
        limits: { headDistance: 20, headRadius: 100, lossIncrease: 10 },
        localPlan: () => ({ length: { steps }, batch: 1, learningRate, rules: [] }),
        learner,
        data: { samples: numbered([0]) } as never,
        parameters: new Float32Array(size),
        head,
        uninformed: 1,
      }
      return plan.start(context as SessionContext, createTable(1, (_from, _to, _round, values) => values).roadsOf(0))
    }
    const before = started(learnerOf(bowl))
    await before.train(0, never)
    const control = (await before.offered!()).slice(size)
    expect(control.every(value => value !== 0)).toBe(true)
    const spent = { ...learnerOf(bowl), train: async () => ({ loss: Number.NaN, samples: 0, moved: 0, steps: 0 }) }
    const after = started(spent as never)
    after.restore!(before.kept!(), 'checkpoint')
    await after.train(1, never)
    expect((await after.offered!()).slice(size)).toEqual(control)
  })
})
