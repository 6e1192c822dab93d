import { describe, expect, it } from 'vitest'
import { parseManifest } from '../../src/node/index.js'
import { descend, keptOf, learningRate, optimumOf } from './bowls.js'

const bowls = [
  { a: 1, b: 4 },
  { a: 3, b: -4 },
  { a: 0.5, b: 1 },
  { a: 2, b: 2 },
]
const section = (lambda: number) => ({ method: 'dfedadmm', rho: 0, lambda }) as never

function byHand(rounds: number, steps: number, lambda: number, neighbours: (i: number) => number[]) {
  let x = bowls.map(() => 0)
  const dual = bowls.map(() => 0)
  for (let round = 0; round < rounds; round++) {
    const z = bowls.map(({ a, b }, i) => {
      let y = x[i]!
      for (let step = 0; step < steps; step++) y -= learningRate * (a * (y - b) - dual[i]! + (y - x[i]!) / lambda)
      dual[i]! -= (y - x[i]!) / lambda
      return y - lambda * dual[i]!
    })
    x = z.map((own, i) => {
      const all = [own, ...neighbours(i).map(j => z[j]!)]
      return all.reduce((sum, value) => sum + value, 0) / all.length
    })
  }
  return { x, dual }
}

describe('DFedADMM', () => {
  it.each([
    ['full', (i: number) => [0, 1, 2, 3].filter(j => j !== i)],
    ['ring', (i: number) => [(i + 1) % 4, (i + 3) % 4]],
  ] as const)('on a %s is that by hand', async (topology, neighbours) => {
    const { x, dual } = byHand(8, 3, 0.5, neighbours)
    const { models, sessions } = await descend(section(0.5), { bowls, rounds: 8, steps: 3, topology })
    for (const [peer, [value]] of models.entries()) expect(value).toBeCloseTo(x[peer]!, 4)
    for (const [peer, session] of sessions.entries()) expect(keptOf(session, 'dual')).toBeCloseTo(dual[peer]!, 4)
  })

  it('on a full graph finds the optimum of all, with each dual the own gradient there', async () => {
    const { models, sessions } = await descend(section(0.5), { bowls, rounds: 150 })
    const optimum = optimumOf(bowls)
    for (const [value] of models) expect(value).toBeCloseTo(optimum, 3)
    for (const [peer, { a, b }] of bowls.entries()) {
      expect(keptOf(sessions[peer]!, 'dual')).toBeCloseTo(a * (optimum - b), 2)
    }
  })

  it('hands over its model as it is where it trains no more', async () => {
    const { said, ended } = await descend(section(0.5), { bowls, rounds: 5, stops: { peer: 1, round: 2 } })
    for (const round of [2, 3, 4]) {
      expect(said[round]![1]).toEqual([ended[round - 1]![1]])
      expect(said[round]![0]).not.toEqual([ended[round - 1]![0]])
    }
  })

  it('has settled numbers, and refuses a pull that overshoots', () => {
    const settled = { method: 'dfedadmm', rho: 0, lambda: 1 }
    expect(parseManifest({ merge: 'dfedadmm' }).merge).toEqual(settled)
    expect(() =>
      parseManifest({ merge: { method: 'dfedadmm', lambda: 0.05 }, training: { learningRate: 0.05 } }),
    ).toThrow('merge.lambda: must be more than training.learningRate, 0.05')
    expect(() => parseManifest({ merge: 'dfedadmm', mode: 'async' })).toThrow(
      'mode: async does not go with merge: dfedadmm',
    )
    expect(parseManifest({ merge: 'dfedadmm', masks: true, topology: 'full' }).masks).toBeDefined()
  })
})
