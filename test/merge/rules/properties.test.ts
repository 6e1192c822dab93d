import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contributions, mix, ruleNames, vectorsNeeded } from '../../../src/merge/index.js'
import { ruleSchema } from '../../../src/merge/rules/index.js'
import { inPieces } from '../../../src/turns.js'
import { bits, build, matrixOf, vectors as randomVectors } from '../rounds.js'
import { merged, once, rulingOf, type Vectors } from './ruled.js'

/** Whole numbers: sums and distances of them are exact, so that nothing is as near as another by rounding alone. */
const whole = fc.integer({ min: -1000, max: 1000 })

const vectorsOf = (others: number, length: number): fc.Arbitrary<Vectors> =>
  fc.record({
    own: fc.array(whole, { minLength: length, maxLength: length }),
    others: fc.array(fc.array(whole, { minLength: length, maxLength: length }), {
      minLength: others,
      maxLength: others,
    }),
  })

const some = fc.tuple(fc.integer({ min: 4, max: 8 }), fc.integer({ min: 1, max: 6 })).chain(([n, d]) => vectorsOf(n, d))

const apart = (a: readonly number[], b: readonly number[]): number => Math.hypot(...a.map((value, k) => value - b[k]!))

/** The losses of vectors by their first number: anything, and the same for the same. */
const lossOf =
  ({ own, others }: Vectors) =>
  async (peer: number): Promise<number> =>
    Math.abs((peer === 0 ? own : others[peer - 1]!)[0]!)

const asBits = (values: readonly number[]): ReturnType<typeof bits> => bits(Float32Array.from(values))

describe('clip', () => {
  it('P26: without a bound is gossip to the last bit, with 0 changes nothing, and one vector pulls by w·τ at most', async () => {
    await fc.assert(
      fc.asyncProperty(some, fc.double({ min: 0.1, max: 1000, noNaN: true }), async (vectors, tau) => {
        const weight = 1 / (1 + vectors.others.length)
        const row = { self: weight, from: vectors.others.map((_, j) => ({ peer: j + 1, weight })) }
        const received = new Map(vectors.others.map((values, j) => [j + 1, Float32Array.from(values)]))
        const parts = contributions(row, 0, Float32Array.from(vectors.own), received)
        const gossip = new Float32Array(vectors.own.length)
        mix(gossip, parts)
        expect(asBits(await once({ rule: 'clip', tau: Number.MAX_VALUE }, vectors))).toEqual(bits(gossip))
        expect(asBits(await once({ rule: 'clip', tau: 0 }, vectors))).toEqual(asBits(vectors.own))

        const clipped = await once({ rule: 'clip', tau }, vectors)
        const without = await once(
          { rule: 'clip', tau },
          { ...vectors, others: [vectors.own, ...vectors.others.slice(1)] },
        )
        expect(apart(clipped, without)).toBeLessThanOrEqual(weight * tau * (1 + 1e-4) + 1e-3)
      }),
    )
  })

  it('P26: with the weights of an irregular graph, too', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 5, max: 12 }), fc.nat(), async (peers, seed) => {
        const models = randomVectors(peers, 8, seed)
        for (const [self, row] of matrixOf(build('erdos-renyi', peers)).entries()) {
          const received = new Map(row.from.map(({ peer }) => [peer, models[peer]!]))
          const parts = contributions(row, self, models[self]!, received)
          const gossip = new Float32Array(8)
          mix(gossip, parts)
          const ruling = rulingOf({ rule: 'clip', tau: Number.MAX_VALUE })
          const measure = ruling.measure({ self, own: models[self]!, others: received })
          for (const add of measure.rows) add(0, 8)
          const unused = { measure, norm: 1, moved: 0, progress: 0, step: 0, found: 0, lossOf: async () => 0, inPieces }
          const { write, given } = await ruling.rule({ ...unused, parts, self })
          const clipped = new Float32Array(8)
          write(clipped, 0, 8)
          expect(bits(clipped)).toEqual(bits(gossip))
          expect([...given]).toEqual(parts.map(({ peer, weight }) => [peer, weight]))
        }
      }),
    )
  })

  it('P29: with one fixed τ and symmetric weights keeps the mean', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('ring', 'star', 'full', 'random-regular'),
        fc.integer({ min: 5, max: 12 }),
        fc.double({ min: 0.01, max: 5, noNaN: true }),
        fc.nat(),
        async (kind, peers, tau, seed) => {
          const models = randomVectors(peers, 8, seed)
          const after = await Promise.all(
            matrixOf(build(kind, peers)).map(({ from }, self) => {
              const others = models.map(values => [...values]).filter((_, peer) => peer !== self)
              const weights = others.map((_, place) => {
                const peer = place < self ? place : place + 1
                return from.find(entry => entry.peer === peer)?.weight ?? 0
              })
              return once({ rule: 'clip', tau }, { own: [...models[self]!], others }, { self, weights })
            }),
          )
          for (const k of models[0]!.keys()) {
            const before = models.reduce((sum, values) => sum + values[k]!, 0)
            expect(after.reduce((sum, values) => sum + values[k]!, 0)).toBeCloseTo(before, 5)
          }
        },
      ),
    )
  })

  it('P30: auto lets one liar pull no further than the farthest of the others, whatever it sends', async () => {
    const wild = fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 3, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }).chain(n => vectorsOf(n, 3)),
        wild,
        async ({ own, others }, lie) => {
          const vectors = { own, others: [lie, ...others] }
          const { given } = await merged(rulingOf('clip'), vectors)
          const farthest = Math.max(...others.map(values => apart(own, values)))
          expect(given.get(1)! * apart(own, lie)).toBeLessThanOrEqual((farthest / (2 + others.length)) * (1 + 1e-6))
        },
      ),
    )
  })

  it('auto takes the smallest distance where all may lie, and no more than twice the last', async () => {
    const one = (distance: number): Vectors => ({ own: [0], others: [[distance], [distance + 1]] })
    expect((await merged(rulingOf({ rule: 'clip', tolerate: 2 }), { own: [0], others: [[4], [9]] })).x).toEqual([
      Math.fround(8 / 3),
    ])
    const ruling = rulingOf('clip')
    for (const distance of [0, 1, 100, 100]) await merged(ruling, one(distance))
    expect(ruling.bounds()).toEqual([4])
    await merged(ruling, one(1), { step: 2 })
    expect(ruling.bounds()).toEqual([4, 0, 1])
    const back = rulingOf('clip')
    back.restore(ruling.bounds())
    await merged(back, one(100))
    expect(back.bounds()).toEqual([8, 0, 1])
  })

  it('auto, where liars made it next to nothing: soon is what it was, in a round it is what own training moves', async () => {
    const ring = (...distances: number[]): Vectors => ({ own: [0], others: distances.map(distance => [distance]) })
    for (const near of [0, 1e-9]) {
      const ruling = rulingOf('clip')
      await merged(ruling, ring(1, 1))
      await merged(ruling, ring(near, 1))
      expect(ruling.bounds(), 'kept').toEqual([0.5])
      // Neither is the cap gone: both lie far off now, one more than may lie.
      await merged(ruling, ring(100, 100))
      expect(ruling.bounds(), 'no cap').toEqual([1])
    }
    const muted = rulingOf('clip')
    for (let round = 0; round < 30; round++) await merged(muted, ring(1e-9, 1))
    const { given } = await merged(muted, ring(1, 1), { moved: 0.8 })
    expect(given.get(1)).toBeCloseTo(0.8 / 3, 9)
    expect((await merged(muted, ring(100, 100), { moved: 0.7 })).given.get(1)).toBeCloseTo((2 * 0.8) / 100 / 3, 9)
  })

  it('auto of no more neighbours than may lie: none of them raises it, but by what own training moves', async () => {
    const end = (distance: number): Vectors => ({ own: [0], others: [[distance]] })
    const ruling = rulingOf('clip')
    for (const distance of [1, 2, 4, 8]) await merged(ruling, end(distance))
    expect(ruling.bounds()).toEqual([1])
    await merged(ruling, end(8), { moved: 1.5 })
    expect(ruling.bounds()).toEqual([1.5])
  })

  it('has one liar fewer where a vector was refused already, and always one: that may have been honest', async () => {
    const vectors = { own: [0], others: [[1], [2], [4]] }
    const two = { rule: 'clip', tolerate: 2 }
    expect((await merged(rulingOf(two), vectors)).x).toEqual([3 / 4])
    expect((await merged(rulingOf(two), vectors, { found: 1 })).x).toEqual([5 / 4])
    expect((await merged(rulingOf(two), vectors, { found: 2 })).x).toEqual([5 / 4])
    expect((await merged(rulingOf({ rule: 'clip', tolerate: 0 }), vectors, { found: 2 })).x).toEqual([7 / 4])
  })
})

describe('every rule', () => {
  it('P31: does not depend on the order in which vectors come, and leaves what all agree on', async () => {
    for (const rule of ruleNames) {
      await fc.assert(
        fc.asyncProperty(some, fc.nat(), async (vectors, turn) => {
          const { own, others } = vectors
          const settings = { lossOf: lossOf(vectors) }
          const arrival = others.map((_, place) => (place + turn) % others.length)
          const asWas = await once(rule, vectors, settings)
          expect(asBits(await once(rule, vectors, { ...settings, arrival })), rule).toEqual(asBits(asWas))

          const equal = await once(rule, { own, others: others.map(() => own) })
          for (const [k, value] of equal.entries()) expect(value, rule).toBeCloseTo(own[k]!, 3)
        }),
        { numRuns: 50 },
      )
    }
  })

  it.each([
    ['median', 1024],
    ['multi-krum', 4],
    ['geometric-median', 4],
  ])('%s of 1,000 vectors lets others have turns', async (rule, length) => {
    const others = randomVectors(999, length).map(values => [...values])
    let turns = 0
    let isDone = false
    const look = (): void => {
      turns += 1
      if (!isDone) setImmediate(look)
    }
    setImmediate(look)
    await once(rule, { own: Array<number>(length).fill(0), others })
    isDone = true
    expect(turns).toBeGreaterThan(50)
  })

  it('keeps the own vector, bit for bit, where it has fewer vectors than it needs', async () => {
    for (const section of [
      'ubar',
      'trimmed-mean',
      'median',
      'multi-krum',
      'geometric-median',
      { rule: 'median', tolerate: 2 },
    ]) {
      const needed = vectorsNeeded(ruleSchema.parse(section))
      const others = Array.from({ length: needed - 2 }, (_, j) => [j + 2, j])
      const ruled = await merged(rulingOf(section), { own: [0.1, 0.7], others })
      expect(ruled.x).toEqual([Math.fround(0.1), Math.fround(0.7)])
      expect(ruled.needed).toBe(needed)
      const { needed: none } = await merged(rulingOf(section), { own: [0.1, 0.7], others: [...others, [1, 1]] })
      expect(none).toBeUndefined()
    }
  })

  it('P32: those by coordinate, Krum and the geometric median move along with all vectors', async () => {
    for (const rule of ['trimmed-mean', 'median', 'multi-krum', 'geometric-median']) {
      await fc.assert(
        fc.asyncProperty(some, whole, async (vectors, by) => {
          const moved = (values: readonly number[]): number[] => values.map(value => value + by)
          const there = await once(rule, { own: moved(vectors.own), others: vectors.others.map(moved) })
          for (const [k, value] of moved(await once(rule, vectors)).entries())
            expect(there[k], rule).toBeCloseTo(value, 2)
        }),
        { numRuns: 50 },
      )
    }
  })
})

describe('rules that leave vectors out', () => {
  it('P27: trimmed mean, median and Krum are the same whether a liar is at 10⁶ or at 10⁹', async () => {
    for (const rule of ['trimmed-mean', 'median', 'multi-krum']) {
      await fc.assert(
        fc.asyncProperty(some, async ({ own, others: [, ...others] }) => {
          const with1 = (lie: number): Vectors => ({ own, others: [own.map(() => lie), ...others] })
          expect(asBits(await once(rule, with1(1e9))), rule).toEqual(asBits(await once(rule, with1(1e6))))
        }),
        { numRuns: 50 },
      )
    }
  })

  it('P33: BALANCE with γ = ∞ and α = 1/n is the mean, with γ = 0 the own vector', async () => {
    await fc.assert(
      fc.asyncProperty(some, async vectors => {
        const n = 1 + vectors.others.length
        const own = vectors.own.map(value => value || 1)
        const mean = await once({ rule: 'balance', gamma: Number.MAX_VALUE, alpha: 1 / n }, { ...vectors, own })
        for (const [k, value] of mean.entries()) {
          expect(value).toBeCloseTo(vectors.others.reduce((sum, values) => sum + values[k]!, own[k]!) / n, 3)
        }
        expect(asBits(await once({ rule: 'balance', gamma: 0 }, vectors))).toEqual(asBits(vectors.own))
      }),
    )
  })

  it('UBAR looks at the nearest alone, and takes those that are no worse', async () => {
    const vectors = { own: [0], others: [[1], [-2], [3], [9]] }
    const seen: number[] = []
    const lossOf = async (peer: number): Promise<number> => {
      seen.push(peer)
      return [1, 2, 1, 0, 0][peer]!
    }
    const { given } = await merged(rulingOf('ubar'), vectors, { lossOf })
    expect(seen).toEqual([0, 1, 2])
    expect([...given]).toEqual([
      [0, 0.5],
      [1, 0],
      [2, 0.5],
      [3, 0],
      [4, 0],
    ])
    expect(await once('ubar', vectors, { lossOf: async peer => peer })).toEqual([0])
  })

  it('the geometric median of a crowd and a liar is in the crowd', async () => {
    const [x, y] = await once('geometric-median', {
      own: [0, 0],
      others: [
        [1, 0],
        [0, 1],
        [1, 1],
        [1e4, 1e4],
      ],
    })
    expect(Math.max(x!, y!)).toBeLessThanOrEqual(1)
    expect(Math.min(x!, y!)).toBeGreaterThan(0.5)
  })
})

describe('centred clipping', () => {
  it('goes on from its last result, also after it was kept', async () => {
    const vectors = { own: [0], others: [[3], [3]] }
    const section = { rule: 'centred-clip', tau: 1 }
    const ruling = rulingOf(section)
    const [first] = (await merged(ruling, vectors)).x
    expect(first).toBeCloseTo(2 / 3, 6)
    const back = rulingOf(section)
    back.restore(ruling.bounds(), ruling.centre()!.slice())
    const { x } = await merged(ruling, vectors)
    expect(x[0]).toBeCloseTo(2 / 3 + (2 - 2 / 3) / 3, 6)
    expect((await merged(back, vectors)).x).toEqual(x)
    ruling.forget()
    expect((await merged(ruling, vectors)).x[0]).toBe(first)
  })
})
