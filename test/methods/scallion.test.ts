import { describe, expect, it } from 'vitest'
import { type ManifestInput, parseManifest } from '../../src/node/index.js'
import { type Descent, descend, keptOf, learningRate, optimumOf, size } from './bowls.js'

const bowls = [
  { a: 1, b: 4 },
  { a: 3, b: -4 },
  { a: 0.5, b: 1 },
]
const optimum = optimumOf(bowls)
const steps = 5
const scallion = (alpha: number) => ({ method: 'scallion', alpha })
const scafcom = (beta: number) => ({ method: 'scafcom', beta })

/** Of 4 numbers the two that are largest. */
const half = (values: Float32Array): Float32Array => {
  const [, second] = values.map(Math.abs).sort((a, b) => b - a)
  return values.map(value => (Math.abs(value) >= second! ? value : 0))
}
const all = (values: Float32Array): Float32Array => values.slice()

/**
 * Both algorithms of arXiv 2308.08165 with all clients, η_g = 1 and no compression, as ALGORITHMS.md 4.11 writes them, of
 * one number.
 */
function published(rounds: number, { alpha = 1, beta }: { alpha?: number; beta?: number }) {
  let [x, c] = [0, 0]
  const own = bowls.map(() => 0)
  const momentum = bowls.map(() => 0)
  for (let round = 0; round < rounds; round++) {
    const said = bowls.map(({ a, b }, i) => {
      let y = x
      for (let step = 0; step < steps; step++) y -= learningRate * (a * (y - b) - own[i]! + c)
      const gradient = (x - y) / (steps * learningRate) + own[i]! - c
      momentum[i]! += (beta ?? 1) * (gradient - momentum[i]!)
      return beta === undefined ? alpha * (gradient - own[i]!) : momentum[i]! - own[i]!
    })
    const mean = said.reduce((sum, one) => sum + one, 0) / bowls.length
    for (const [i, one] of said.entries()) own[i]! += one
    x -= steps * learningRate * (c + mean)
    c += mean
  }
  return { x, c, own }
}

const run = (section: { method: string }, rounds: number, more: Partial<Descent> = {}) =>
  descend(section, { bowls, rounds, steps, ...more })

describe('SCALLION and SCAFCOM', () => {
  it.each([
    [scallion(1), {}],
    [scallion(0.3), { alpha: 0.3 }],
    [scafcom(1), { beta: 1 }],
    [scafcom(0.4), { beta: 0.4 }],
  ] as const)('%j on a full graph without a codec is the published algorithm', async (section, numbers) => {
    for (const rounds of [1, 2, 3, 10]) {
      const { models, sessions } = await run(section, rounds)
      const { x, c, own } = published(rounds, numbers)
      for (const [peer, model] of models.entries()) {
        for (const value of model) expect(value).toBeCloseTo(x, 4)
        expect(keptOf(sessions[peer]!, 'mean')).toBeCloseTo(c, 4)
        expect(keptOf(sessions[peer]!, 'own')).toBeCloseTo(own[peer]!, 4)
      }
    }
  })

  it.each([scallion(1), scafcom(1)])('%j without a codec is SCAFFOLD', async section => {
    for (const topology of ['full', 'ring']) {
      const [own, plain] = [await run(section, 8, { topology }), await run({ method: 'scaffold' }, 8, { topology })]
      for (const [peer, [value]] of plain.models.entries()) expect(own.models[peer]![0]).toBeCloseTo(value!, 5)
    }
  })

  it.each([scallion(1), scallion(0.5), scafcom(0.5)])(
    'keep as c the mean of all c_i, whatever a codec loses of them: %j',
    async section => {
      for (const compress of [all, half]) {
        const { sessions } = await run(section, 7, { choco: { gamma: 0.5, compress } })
        const mean = sessions.reduce((sum, session) => sum + keptOf(session, 'own'), 0) / bowls.length
        for (const session of sessions) expect(keptOf(session, 'mean')).toBeCloseTo(mean, 5)
        expect(Math.abs(keptOf(sessions[0]!, 'own') - mean)).toBeGreaterThan(0.1)
      }
    },
  )

  it.each([scallion(1), scallion(0.5), scafcom(0.5)])(
    'find the optimum of all through a codec that loses half, beside which averages stay: %j',
    async section => {
      const choco = { gamma: 0.5, compress: half }
      const { models } = await run(section, 300, { choco })
      for (const [value] of models) expect(value).toBeCloseTo(optimum, 2)
      const averages = await run({ method: 'dfedavg' }, 300, { choco: { gamma: 0.5, compress: all } })
      for (const [value] of averages.models) expect(Math.abs(value! - optimum)).toBeGreaterThan(0.1)
    },
  )

  it('do not take in a control variate that is far too long', async () => {
    const { events } = await run(scallion(1), 5, {
      way: (from, _to, _round, values) => {
        if (from === 2) values.fill(1e4, size)
        return values
      },
    })
    const refused = events[0]!.flatMap(event => (event.type === 'refused' ? event.heads : []))
    expect(refused[0]).toMatchObject({ peer: 2, reason: 'TOO_LONG' })
  })

  it('have settled numbers, and need a memory for what a codec loses', () => {
    expect(parseManifest({ merge: 'scallion' }).merge).toEqual(scallion(1))
    expect(parseManifest({ merge: 'scafcom' }).merge).toEqual(scafcom(0.5))
    for (const method of ['scallion', 'scafcom']) {
      const refusals: [ManifestInput, string][] = [
        [{ encoding: 'int8' }, `int8 does not go with merge: ${method}, whose sums over all peers drift`],
        [{ encoding: { codec: 'topk', memory: 'feedback' } }, `topk does not go with merge: ${method}`],
        [{ mode: 'async' }, `mode: async does not go with merge: ${method}`],
        [{ believe: 'ubar' }, 'ubar judges models by their loss'],
        [{ merge: { method, alpha: 2, beta: 2 } }, 'merge'],
      ]
      for (const [input, message] of refusals) {
        expect(() => parseManifest({ merge: method, ...input })).toThrow(message)
      }
      expect(() => parseManifest({ merge: method, encoding: { codec: 'topk', memory: 'choco' } })).not.toThrow()
    }
  })
})
