import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkTopology, methodNamed } from '../../src/methods/index.js'
import { type ManifestInput, parseManifest } from '../../src/node/index.js'
import { createTopology } from '../../src/topology/index.js'
import {
  type Bowl,
  type Choco,
  type Descent,
  descend,
  keptOf,
  learnerOf,
  learningRate,
  optimumOf,
  sessionOf,
  size,
} from './bowls.js'
import { createTable, never, type Way } from './peers.js'

const bowls: readonly Bowl[] = [
  { a: 1, b: 4 },
  { a: 3, b: -4 },
  { a: 0.5, b: 1 },
  { a: 2, b: 2 },
]
const section = { method: 'gradient-tracking' }
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const gradients = (xs: readonly number[]): number[] => bowls.map(({ a, b }, i) => a * (xs[i]! - b))

/** Each of a ring of four, a third of itself and of its neighbours. */
const mixed = (xs: readonly number[]): number[] => xs.map((x, i) => (x + xs[(i + 1) % 4]! + xs[(i + 3) % 4]!) / 3)

describe('gradient tracking', () => {
  it('P8: the mean of what is tracked is the mean gradient in every round', async () => {
    const place = fc.double({ min: -0.9, max: 0.9, noNaN: true })
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(place, place, place, place),
        fc.constantFrom('ring', 'star', 'line'),
        async (from, topology) => {
          const { said, ended } = await descend(section, {
            bowls,
            rounds: 5,
            steps: 1,
            topology,
            from,
            headDistance: 1e9,
          })
          for (const [round, all] of said.entries()) {
            const xs = round === 0 ? from : ended[round - 1]!
            expect(mean(all.map(([, tracked]) => tracked!))).toBeCloseTo(mean(gradients(xs)), 4)
          }
        },
      ),
      { numRuns: 20 },
    )
  })

  it('of one step is the textbook’s, y⁺ = Wy + ∇F(x⁺) − ∇F(x), where peers step before they merge', async () => {
    let x = bowls.map(() => 0)
    let y = gradients(x)
    const { ended, said } = await descend(section, { bowls, rounds: 12, steps: 1, topology: 'ring' })
    for (const [round, all] of ended.entries()) {
      for (const [peer, tracked] of y.entries()) expect(said[round]![peer]![1]).toBeCloseTo(tracked, 4)
      const next = mixed(x.map((value, i) => value - learningRate * y[i]!))
      const [before, after] = [gradients(x), gradients(next)]
      y = mixed(y).map((value, i) => value + after[i]! - before[i]!)
      x = next
      for (const [peer, value] of x.entries()) expect(all[peer]).toBeCloseTo(value, 4)
    }
  })

  it('keeps corrections that add up to 0, of several steps a round too', async () => {
    const { sessions } = await descend(section, { bowls, rounds: 8, topology: 'star' })
    const corrections = sessions.map(session => keptOf(session, 'correction'))
    expect(mean(corrections)).toBeCloseTo(0, 5)
    expect(Math.max(...corrections)).toBeGreaterThan(1)
  })

  it.each(['ring', 'line'])('finds the optimum of all on a %s, where averages stay beside it', async topology => {
    const descent = { bowls, rounds: 150, steps: 2, topology }
    const [tracked, averaged] = [await descend(section, descent), await descend({ method: 'dfedavg' }, descent)]
    for (const [value] of tracked.models) expect(value).toBeCloseTo(optimumOf(bowls), 3)
    for (const [value] of averaged.models) expect(Math.abs(value! - optimumOf(bowls))).toBeGreaterThan(0.05)
  })

  it('finds that of those who go on where one trains no more', async () => {
    const stops = { peer: 1, round: 3 }
    const { models } = await descend(section, { bowls, rounds: 200, topology: 'ring', stops })
    const others = bowls.filter((_, peer) => peer !== stops.peer)
    for (const [value] of models) expect(value).toBeCloseTo(optimumOf(others), 3)
  })

  /** Keeps the longer half of what is handed over. */
  const half: Choco = {
    gamma: 0.3,
    compress(values) {
      const sizes = [...values].map(Math.abs).sort((a, b) => b - a)
      let left = values.length / 2
      return values.map(value => (Math.abs(value) >= sizes[values.length / 2 - 1]! && left-- > 0 ? value : 0))
    },
  }

  it('P44: over compressed differences to public copies (BEER) tracks the mean gradient all the same', async () => {
    const { said, ended } = await descend(section, {
      ...{ bowls, rounds: 20, steps: 1, topology: 'ring' },
      choco: half,
    })
    for (const [round, all] of said.entries()) {
      const xs = round === 0 ? [0, 0, 0, 0] : ended[round - 1]!
      expect(mean(all.map(([, tracked]) => tracked!))).toBeCloseTo(mean(gradients(xs)), 4)
    }
    const { models } = await descend(section, { bowls, rounds: 400, steps: 1, topology: 'ring', choco: half })
    for (const [value] of models) expect(value).toBeCloseTo(optimumOf(bowls), 3)
  })

  it('P44: without compression and with γ = 1 is gradient tracking', async () => {
    const descent: Descent = { bowls, rounds: 12, steps: 3, topology: 'ring' }
    const [copied, plain] = [
      await descend(section, { ...descent, choco: { gamma: 1, compress: values => values } }),
      await descend(section, descent),
    ]
    for (const [peer, [value]] of plain.models.entries()) expect(copied.models[peer]![0]).toBeCloseTo(value!, 4)
  })

  it('does not take in a tracked step that is far too long', async () => {
    const lying: Way = (from, _to, _round, values) => {
      if (from === 2) values.fill(1e4, size)
      return values
    }
    const { models, events } = await descend(section, { bowls, rounds: 40, way: lying })
    for (const peer of [0, 1, 3]) {
      const refused = events[peer]!.flatMap(event => (event.type === 'refused' ? event.heads : []))
      expect(refused[0]).toMatchObject({ peer: 2, name: 'peer-2', reason: 'TOO_LONG' })
      expect(Math.abs(models[peer]![0]!)).toBeLessThan(10)
    }
  })

  it('goes on with the correction that it kept', async () => {
    const road = () => createTable(1, (_from, _to, _round, values) => values).roadsOf(0)
    const [first, second] = [0, 1].map(() => sessionOf(section, learnerOf(bowls[0]!, 2), 2, road()))
    await first!.train(0, never)
    second!.restore!(structuredClone(first!.kept!()), 'checkpoint')
    expect(second!.kept!()).toEqual(first!.kept!())
  })

  it('goes with codecs that lose nothing for good', () => {
    const encoded = (encoding: ManifestInput['encoding']) => () => parseManifest({ merge: section as never, encoding })
    for (const encoding of ['int8', 'bf16', { codec: 'topk', memory: 'feedback' }] as const) {
      expect(encoded(encoding)).toThrow('does not go with merge: gradient-tracking, whose sums over all peers drift')
    }
    for (const encoding of ['f32', { codec: 'int8', memory: 'choco' }, { codec: 'topk', memory: 'choco' }] as const) {
      expect(encoded(encoding)).not.toThrow()
    }
    expect(() => parseManifest({ merge: 'scaffold', encoding: 'int8' })).not.toThrow()
  })

  it('is refused where it cannot be right', () => {
    expect(() => parseManifest({ merge: section as never, mode: 'async' })).toThrow(
      'mode: async does not go with merge: gradient-tracking',
    )
    expect(() => parseManifest({ merge: section as never, believe: 'ubar' })).toThrow('(tracked)')
    expect(() => parseManifest({ merge: section as never, masks: true, topology: 'full' })).toThrow(
      'masks: does not go with merge: gradient-tracking',
    )
    const manifest = (weights: string) =>
      parseManifest({ merge: section as never, topology: { kind: 'star', weights } as never })
    const check = (weights: string) => () =>
      checkTopology(manifest(weights), () => createTopology(manifest(weights).topology, 4, 1))
    expect(check('uniform')).toThrow('those of topology star with weights: uniform do not')
    expect(check('metropolis-hastings')).not.toThrow()
    expect(methodNamed('gradient-tracking').needs.mode).toBe('sync')
  })
})
