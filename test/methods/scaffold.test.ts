import { describe, expect, it } from 'vitest'
import type { Learner } from '../../src/learner/index.js'
import { descend as descendBy, keptOf, learnerOf, learningRate, optimumOf, sessionOf, size } from './bowls.js'
import { createTable, never, type Way } from './peers.js'

const bowls = [
  { a: 1, b: 4 },
  { a: 3, b: -4 },
  { a: 0.5, b: 1 },
]
const optimum = optimumOf(bowls)
const steps = 5

const descend = (method: string, rounds: number, way?: Way) =>
  descendBy({ method }, { bowls, rounds, steps, ...(way && { way }) })

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

  it('keeps as c the mean of all c_i, as SCALLION does without compression', async () => {
    for (const rounds of [1, 4, 9]) {
      const { sessions } = await descend('scaffold', rounds)
      const mean = sessions.reduce((sum, session) => sum + keptOf(session, 'own'), 0) / bowls.length
      for (const session of sessions) expect(keptOf(session, 'mean')).toBeCloseTo(mean, 5)
      expect(Math.abs(keptOf(sessions[0]!, 'own') - mean)).toBeGreaterThan(0.1)
    }
  })

  it('finds the optimum of all, where averages of what everybody has trained stay beside it', async () => {
    const [scaffold, averages] = [await descend('scaffold', 60), await descend('dfedavg', 60)]
    for (const [value] of scaffold.models) expect(value).toBeCloseTo(optimum, 3)
    for (const [value] of averages.models) expect(Math.abs(value! - optimum)).toBeGreaterThan(0.1)
  })

  it('corrects by all of the difference, and by sums of nothing, however small γ of CHOCO is', async () => {
    const run = (compress: (values: Float32Array) => Float32Array) =>
      descendBy({ method: 'scaffold' }, { bowls, rounds: 6, steps, choco: { gamma: 0.02, compress } })
    const corrections = ({ sessions }: Awaited<ReturnType<typeof run>>): number[] =>
      sessions.map(session => keptOf(session, 'mean') - keptOf(session, 'own'))
    const whole = await run(values => values.slice())
    const own = whole.sessions.map(session => keptOf(session, 'own'))
    const mean = own.reduce((sum, one) => sum + one, 0) / own.length
    for (const [peer, correction] of corrections(whole).entries()) expect(correction).toBeCloseTo(mean - own[peer]!, 4)
    // Of 4 numbers a message has the two that are largest.
    const lossy = await run(values => {
      const [, second] = values.map(Math.abs).sort((a, b) => b - a)
      return values.map(value => (Math.abs(value) >= second! ? value : 0))
    })
    const left = corrections(lossy)
    expect(left.reduce((sum, one) => sum + one, 0)).toBeCloseTo(0, 4)
    expect(Math.max(...left.map(Math.abs))).toBeGreaterThan(0.1)
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
    const roads = () => createTable(1, (_from, _to, _round, values) => values).roadsOf(0)
    const started = (learner: Learner) => sessionOf({ method: 'scaffold' }, learner, steps, roads())
    const before = started(learnerOf(bowl, steps))
    await before.train(0, never)
    const control = (await before.offered!()).slice(size)
    expect(control.every(value => value !== 0)).toBe(true)
    const spent = {
      ...learnerOf(bowl, steps),
      train: async () => ({ loss: Number.NaN, samples: 0, moved: 0, steps: 0 }),
    }
    const after = started(spent as never)
    after.restore!(before.kept!(), 'checkpoint')
    await after.train(1, never)
    expect((await after.offered!()).slice(size)).toEqual(control)
  })
})
