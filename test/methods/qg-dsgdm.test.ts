import * as fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { parseManifest } from '../../src/node/index.js'
import { descend, keptOf, learningRate, optimumOf } from './bowls.js'
import { closePools, startPeers } from './peers.js'

afterAll(closePools)

const bowls = [
  { a: 1, b: 4 },
  { a: 3, b: -4 },
  { a: 0.5, b: 1 },
]
const section = { method: 'qg-dsgdm', rho: 0, momentum: 0.9, mu: 0.1 }

describe('quasi-global momentum', () => {
  it('P7: of one peer is a momentum, M⁺ = (1 − μ(1 − β))M + μg', async () => {
    const number = fc.double({ min: 0.01, max: 0.99, noNaN: true })
    await fc.assert(
      fc.asyncProperty(number, number, fc.double({ min: -3, max: 3, noNaN: true }), async (momentum, mu, b) => {
        const { sessions, said } = await descend({ ...section, momentum, mu } as never, {
          bowls: [{ a: 1, b }],
          rounds: 4,
          steps: 1,
        })
        const [before, last] = [said[2]![0]![0]!, said[3]![0]![0]!]
        // M of the last step but one is what that step's way was made of.
        const gradient = before - b
        // β times it: a division by a small one would show the rounding of float32.
        const past = (before - last) / learningRate - gradient
        const expected = (1 - mu * (1 - momentum)) * past + mu * gradient * momentum
        expect(keptOf(sessions[0]!, 'momentum')! * momentum).toBeCloseTo(expected, 4)
      }),
      { numRuns: 30 },
    )
  })

  it('is that by hand, of three steps a round on a ring of four', async () => {
    const ring = [...bowls, { a: 2, b: 0 }]
    const [steps, rounds] = [3, 6]
    const x = ring.map(() => 0)
    const m = ring.map(() => 0)
    for (let round = 0; round < rounds; round++) {
      const y = ring.map(({ a, b }, i) => {
        let at = x[i]!
        for (let step = 0; step < steps; step++) at -= learningRate * (a * (at - b) + 0.9 * m[i]!)
        return at
      })
      for (const i of ring.keys()) {
        const merged = (y[i]! + y[(i + 1) % 4]! + y[(i + 3) % 4]!) / 3
        m[i] = 0.9 * m[i]! + (0.1 * (x[i]! - merged)) / (steps * learningRate)
        x[i] = merged
      }
    }
    const { models, sessions } = await descend(section as never, { bowls: ring, rounds, steps, topology: 'ring' })
    for (const [peer, [value]] of models.entries()) expect(value).toBeCloseTo(x[peer]!, 5)
    for (const [peer, session] of sessions.entries()) expect(keptOf(session, 'momentum')).toBeCloseTo(m[peer]!, 5)
  })

  it('gets nearer to the optimum of all in as many short rounds than averages do', async () => {
    const descent = { bowls: [...bowls, { a: 2, b: 0 }].map(({ a, b }) => ({ a: a / 50, b })), rounds: 80, steps: 1 }
    const optimum = optimumOf(descent.bowls)
    const far = async (method: object) => {
      const { models } = await descend(method as never, { ...descent, topology: 'ring' })
      return Math.max(...models.map(([value]) => Math.abs(value! - optimum)))
    }
    expect(await far(section)).toBeLessThan(0.5 * (await far({ method: 'dfedavg' })))
  })

  it('without momentum is plain averaging (bits)', async () => {
    const models = async (merge: object | string) => {
      const run = await startPeers({ merge: merge as never })
      for (let round = 0; round < 3; round++) {
        await run.train(round)
        await run.exchange(round)
      }
      return run.peers.map(({ parameters }) => [...parameters])
    }
    expect(await models({ method: 'qg-dsgdm', momentum: 0 })).toEqual(await models('dfedavg'))
    expect(await models({ method: 'qg-dsgdm' })).not.toEqual(await models('dfedavg'))
  })

  it('keeps the momentum where a peer trains no more', async () => {
    const { sessions } = await descend(section as never, { bowls, rounds: 3, stops: { peer: 0, round: 2 } })
    const before = await descend(section as never, { bowls, rounds: 2 })
    expect(keptOf(sessions[0]!, 'momentum')).toBe(keptOf(before.sessions[0]!, 'momentum'))
    expect(keptOf(sessions[1]!, 'momentum')).not.toBe(keptOf(before.sessions[1]!, 'momentum'))
  })

  it('has settled numbers, and goes with masks and budgets, as it needs sums alone', () => {
    const settled = { method: 'qg-dsgdm', rho: 0, momentum: 0.9, mu: 0.1 }
    expect(parseManifest({ merge: 'qg-dsgdm' }).merge).toEqual(settled)
    expect(parseManifest({ merge: settled as never }).merge).toEqual(settled)
    const data = { set: 'digits', standardise: { mean: [0.5], std: [0.2] } }
    for (const of of ['record', 'contribution']) {
      const privacy = { budget: 8, of } as never
      expect(parseManifest({ merge: 'qg-dsgdm', data, privacy, masks: true, topology: 'full' }).masks).toBeDefined()
    }
    expect(() => parseManifest({ merge: { method: 'qg-dsgdm', momentum: 1 } })).toThrow('merge.momentum')
    expect(() => parseManifest({ merge: { method: 'qg-dsgdm', mu: 0 } })).toThrow('merge.mu')
  })
})
