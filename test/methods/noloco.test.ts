import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../src/errors.js'
import type { Learner } from '../../src/learner/index.js'
import { momentumLimit } from '../../src/methods/noloco.js'
import { parseManifest } from '../../src/node/index.js'
import { amongAll, descend, keptOf, learnerOf, learningRate, sessionOf, size } from './bowls.js'
import { createTable, never } from './peers.js'

const section = (outerRate: number, outerMomentum: number) =>
  ({ method: 'noloco', rho: 0, momentum: 0, outerRate, outerMomentum }) as never
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const variance = (values: readonly number[]): number => mean(values.map(value => (value - mean(values)) ** 2))

const bowls = [
  { a: 1, b: 4 },
  { a: 3, b: -4 },
  { a: 0.5, b: 1 },
  { a: 2, b: 0 },
]

describe('NoLoCo', () => {
  it('P46: two peers from (φ, θ) = (0, 1), (2, 2.5)', async () => {
    // θ = φ − 0.1·(φ − b).
    const two = [
      { a: 1, b: 10 },
      { a: 1, b: 7 },
    ]
    const descent = { bowls: two, rounds: 1, steps: 1, from: [0, 2] }
    const { sessions, ended, said } = await descend(section(0.7, 0.5), descent)
    const [heads, velocities] = [said[0]!.map(([value]) => value!), sessions.map(one => keptOf(one, 'velocity'))]
    for (const [peer, value] of [1, 2.5].entries()) expect(heads[peer]).toBeCloseTo(value, 6)
    for (const [peer, value] of [1.225, -0.175].entries()) expect(velocities[peer]).toBeCloseTo(value, 6)
    for (const [peer, value] of [1.225, 1.825].entries()) expect(ended[0]![peer]).toBeCloseTo(value, 6)
  })

  it('P45: the mean of the anchors moves by the mean of the velocities, on any graph that keeps means', async () => {
    for (const topology of ['ring', 'star', 'one-peer-exponential']) {
      const before = await descend(section(0.7, 0.5), { bowls, rounds: 4, topology, from: [1, 0, 2, -3] })
      const after = await descend(section(0.7, 0.5), { bowls, rounds: 5, topology, from: [1, 0, 2, -3] })
      const velocities = after.sessions.map(one => keptOf(one, 'velocity'))
      expect(mean(after.ended[4]!)).toBeCloseTo(mean(before.ended[3]!) + mean(velocities), 5)
    }
  })

  it('P45: with μ = 0, η = 1 and no training is the average of a pair', async () => {
    const still = [
      { a: 0, b: 0 },
      { a: 0, b: 0 },
    ]
    const { ended } = await descend(section(1, 0), { bowls: still, rounds: 1, from: [1, 4] })
    expect(ended[0]).toEqual([2.5, 2.5])
  })

  it('P10: with μ = 0 and η = 1 is plain averaging', async () => {
    for (const topology of ['full', 'ring']) {
      const [outer, plain] = [
        await descend(section(1, 0), { bowls, rounds: 6, topology }),
        await descend({ method: 'dfedavg' }, { bowls, rounds: 6, topology }),
      ]
      for (const [peer, [value]] of plain.models.entries()) expect(outer.models[peer]![0]).toBeCloseTo(value!, 5)
    }
  })

  it('takes an outer step back on which training diverges, and its momentum with it', async () => {
    const able = learnerOf(bowls[0]!, 1)
    let diverges = false
    const train: Learner['train'] = (...args) => {
      if (!diverges) return able.train(...args)
      diverges = false
      return Promise.reject(new HearsayError('DIVERGED', 'training diverged'))
    }
    const parameters = new Float32Array(size)
    const roads = createTable(1, (_from, _to, _round, values) => values).roadsOf(0)
    const session = sessionOf(section(0.7, 0.5), { ...able, train }, 1, roads, parameters)
    const where = amongAll(1)
    const exchange = async (round: number): Promise<void> => {
      for await (const _ of session.exchange!({ round, where, head: parameters }, never));
    }
    await session.train(0, never)
    const trained = [...parameters]
    await exchange(0)
    expect([...parameters]).not.toEqual(trained)
    diverges = true
    await session.train(1, never)
    expect([...parameters]).toEqual(trained)
    expect(keptOf(session, 'velocity')).toBe(0)
    // Nothing was trained: there is no way to step along.
    await exchange(1)
    expect([...parameters]).toEqual(trained)
  })

  it('is a group of one where nobody is heard', async () => {
    const { ended } = await descend(section(0.7, 0.5), { bowls, rounds: 3, steps: 1, way: () => undefined })
    for (const [peer, { a, b }] of bowls.entries()) {
      let [x, v] = [0, 0]
      for (let round = 0; round < 3; round++) {
        v = 0.5 * v - 0.7 * learningRate * a * (x - b)
        x += v
        expect(ended[round]![peer]).toBeCloseTo(x, 5)
      }
    }
  })

  it('in random pairs shrinks disagreement as computed, and beyond the limit lets it grow', async () => {
    const still = Array.from({ length: 16 }, () => ({ a: 0, b: 0 }))
    const from = still.map((_, peer) => Math.sin(7 * peer))
    const rounds = 40
    /** The factor a round of the anchors' variance. */
    const factor = async (outerMomentum: number): Promise<number> => {
      const { ended } = await descend(section(0.7, outerMomentum), {
        bowls: still,
        rounds,
        topology: 'random-pairs',
        from,
      })
      return (variance(ended.at(-1)!) / variance(from)) ** (1 / rounds)
    }
    // 0.687 and 1.088 in ALGORITHMS-2.md 6.2, of which these are one run.
    expect(Math.abs((await factor(0.5)) - 0.687)).toBeLessThan(0.06)
    expect(await factor(0.9)).toBeGreaterThan(1.02)
  })

  it('has a momentum beyond which random pairs run apart, and refuses it', () => {
    for (const [rate, limit] of [
      [0.3, 0.922],
      [0.5, 0.866],
      [0.7, 0.806],
      [0.9, 0.742],
    ] as const) {
      expect(momentumLimit(rate)).toBeCloseTo(limit, 3)
      expect(grows(rate, momentumLimit(rate) - 0.01)).toBe(false)
      expect(grows(rate, momentumLimit(rate) + 0.01)).toBe(true)
      const merge = (outerMomentum: number) => ({ method: 'noloco', outerRate: rate, outerMomentum })
      expect(() => parseManifest({ merge: merge(limit + 0.001) })).toThrow(
        `merge.outerMomentum: must be less than √(1 − outerRate/2), ${limit} with outerRate ${rate}`,
      )
      expect(parseManifest({ merge: merge(limit - 0.001) }).merge).toMatchObject(merge(limit - 0.001))
    }
  })

  it('has settled numbers, and what it does not go with', () => {
    const settled = { method: 'noloco', rho: 0, momentum: 0, outerRate: 0.7, outerMomentum: 0.5 }
    expect(parseManifest({ merge: 'noloco' }).merge).toEqual(settled)
    expect(parseManifest({ merge: settled }).merge).toEqual(settled)
    expect(() => parseManifest({ merge: 'noloco', mode: 'async' })).toThrow(
      'mode: async does not go with merge: noloco',
    )
    expect(parseManifest({ merge: 'noloco', masks: true, topology: 'full' }).masks).toBeDefined()
  })
})

/** Does the disagreement of anchors in random pairs grow? The recursion of ALGORITHMS-2.md 6.2. */
function grows(rate: number, momentum: number): boolean {
  let [a, b, c] = [1, 0, 0]
  let size = 0
  for (let round = 0; round < 5000; round++) {
    const half = 0.5 * rate * a
    const next = momentum ** 2 * c - momentum * rate * b + 0.5 * rate ** 2 * a
    const mixed = momentum * b - half + next
    ;[a, b, c] = [a + 2 * (momentum * b - half) + next, mixed, next]
    size = Math.abs(a) + Math.abs(b) + Math.abs(c)
    if (size > 1e30) return true
  }
  return size > 1
}
