import { describe, expect, it } from 'vitest'
import { checkTopology } from '../../src/methods/index.js'
import { checkedTopology, parseManifest } from '../../src/node/index.js'
import { planOf } from '../../src/node/training.js'
import { headSection, layoutOf } from '../../src/tensors/index.js'
import { createTopology } from '../../src/topology/index.js'
import { type Descent, descend, learningRate } from './bowls.js'

const bowls = [
  { a: 1, b: 4 },
  { a: 3, b: -4 },
  { a: 0.5, b: 1 },
]
const section = (outerRate: number, outerMomentum: number) =>
  ({ method: 'diloco', rho: 0, momentum: 0, outerRate, outerMomentum }) as never

/** Algorithm 1 of arXiv 2311.08105 with SGD inside and Nesterov's momentum outside, of one number. */
function published(rounds: number, steps: number): number {
  let [x, v] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    const ways = bowls.map(({ a, b }) => {
      let y = x
      for (let step = 0; step < steps; step++) y -= learningRate * a * (y - b)
      return x - y
    })
    const way = ways.reduce((sum, one) => sum + one, 0) / bowls.length
    v = 0.9 * v + way
    x -= 0.7 * (way + 0.9 * v)
  }
  return x
}

describe('DiLoCo', () => {
  it.each([1, 2, 3, 10])('is the published algorithm, of %i rounds', async rounds => {
    const { models } = await descend(section(0.7, 0.9), { bowls, rounds, steps: 4 })
    for (const model of models) for (const value of model) expect(value).toBeCloseTo(published(rounds, 4), 4)
  })

  it('P10: with μ = 0 and η = 1 is the mean of θ', async () => {
    const descent: Descent = { bowls, rounds: 5 }
    const [outer, plain] = [await descend(section(1, 0), descent), await descend({ method: 'dfedavg' }, descent)]
    for (const [peer, [value]] of plain.models.entries()) expect(outer.models[peer]![0]).toBeCloseTo(value!, 5)
  })

  it('all anchors are the same, to the last bit; and come together again where some vectors got lost', async () => {
    const whole = await descend(section(0.7, 0.9), { bowls, rounds: 10 })
    for (const round of whole.ended) expect(new Set(round).size).toBe(1)
    const lossy = await descend(section(0.7, 0.9), {
      ...{ bowls, rounds: 60 },
      way: (from, to, round, values) => (round === 3 && from === 0 && to === 1 ? undefined : values),
    })
    expect(new Set(lossy.ended[3]).size).toBe(2)
    const [first] = lossy.ended[59]!
    for (const value of lossy.ended[59]!) expect(value).toBeCloseTo(first!, 5)
  })

  it('needs the mean of all, and has settled numbers', () => {
    const manifest = (topology: string) => parseManifest({ merge: 'diloco', topology: topology as never })
    const check = (topology: string, peers: number) => () =>
      checkTopology(manifest(topology), () => createTopology(manifest(topology).topology, peers, 1))
    expect(check('full', 5)).not.toThrow()
    // Two are a full ring; in the field more come.
    for (const peers of [2, 8])
      expect(check('ring', peers)).toThrow('topology ring gives that of neighbours: use topology full')
    const settled = { method: 'diloco', rho: 0, momentum: 0, outerRate: 0.7, outerMomentum: 0.9 }
    expect(manifest('full').merge).toEqual(settled)
    expect(() => parseManifest({ merge: { method: 'diloco', outerRate: 1.5 } })).toThrow('merge.outerRate')
    expect(() => parseManifest({ merge: 'diloco', mode: 'async' })).toThrow(
      'mode: async does not go with merge: diloco',
    )
  })

  it('needs the mean of all in a window as well, whichever of the two graphs it is that has none', () => {
    const manifest = (topology: string, dense: string) =>
      parseManifest({ merge: 'diloco', topology: topology as never, exchange: { when: 'window', dense } as never })
    expect(() => checkedTopology(manifest('full', 'full'), 4)).not.toThrow()
    for (const [topology, dense] of [
      ['full', 'ring'],
      ['ring', 'full'],
    ] as const) {
      expect(() => checkedTopology(manifest(topology, dense), 4)).toThrow('ring gives that of neighbours')
    }
    // Of partners it would be the mean of two.
    const head = headSection(layoutOf([{ name: 'dense/kernel', shape: [1] }]))
    for (const when of ['every', 'window'] as const) {
      const drawn = parseManifest({ merge: 'diloco', topology: 'full', exchange: { when, partners: 1 } })
      expect(() => planOf(drawn, head)).toThrow('some rounds have none')
    }
  })
})
