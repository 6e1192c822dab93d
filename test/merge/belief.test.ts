import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBelief, type HeadSizes, tooLong } from '../../src/merge/index.js'

const limits = { headDistance: 5, headRadius: 0.5 }

const sizes = (own: number, moved: number, ...distances: number[]): HeadSizes => ({
  own,
  moved,
  distances: new Map(distances.entries()),
})

const length = fc.double({ min: 1e-3, max: 1e3, noNaN: true })

describe('what is believed', () => {
  it('in the first round already, of two neighbours: not the liar, and the honest one', () => {
    fc.assert(
      fc.property(
        length,
        fc.double({ min: 0, max: 5, noNaN: true }),
        fc.double({ min: 1.01, max: 1e9 }),
        (moved, honest, times) => {
          const own = moved
          const lie = Math.max(limits.headDistance * Math.max(moved, honest * moved), limits.headRadius * own) * times
          const { tooFar } = createBelief(limits).judge(sizes(own, moved, honest * moved, lie))
          expect(tooFar).toEqual([1])
        },
      ),
    )
  })

  it('cannot be narrowed by a liar that sends a copy of the own head', () => {
    const belief = createBelief(limits)
    for (let round = 0; round < 20; round++) expect(belief.judge(sizes(10, 1, 0, 4.9)).tooFar).toEqual([])
  })

  it('cannot be widened by a liar that goes as far as it may, round after round', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), length, (honest, apart) => {
        const belief = createBelief(limits)
        let lie = apart
        for (let round = 0; round < 50; round++) {
          const { reach } = belief.judge(sizes(apart, apart, ...Array<number>(honest).fill(apart), lie))
          expect(reach).toBeCloseTo(limits.headDistance * apart, 6)
          lie = reach
        }
      }),
    )
  })

  it('is not what a single neighbour makes of it', () => {
    const belief = createBelief(limits)
    for (let round = 0, lie = 5; round < 50; round++) lie = belief.judge(sizes(1, 1, lie)).reach
    expect(belief.judge(sizes(1, 1, 5.1)).tooFar).toEqual([0])
  })

  it('lets neighbours with more data through that move much further, as long as they are near for the own norm', () => {
    const { tooFar } = createBelief(limits).judge(sizes(10, 0.01, 0.02, 4.9))
    expect(tooFar).toEqual([])
  })

  it('remembers what was usual where one moves little for once', () => {
    const belief = createBelief(limits)
    for (let round = 0; round < 5; round++) belief.judge(sizes(1, 3, 3, 3, 3))
    expect(belief.judge(sizes(1, 0.01, 12)).tooFar).toEqual([])
    expect(belief.judge(sizes(1, 0.01, 16)).tooFar).toEqual([0])
    // And forgets: five merges of another kind.
    for (let round = 0; round < 5; round++) belief.judge(sizes(1, 0.01, 0.01, 0.01, 0.01))
    expect(belief.judge(sizes(1, 0.01, 12)).tooFar).toEqual([0])
  })

  it('goes on where the one of an interrupted run was', () => {
    const belief = createBelief(limits)
    for (let round = 0; round < 7; round++) belief.judge(sizes(1, 3, 3 + round, 3 + round, 3 + round))
    expect(belief.usual()).toEqual([5, 6, 7, 8, 9])
    const later = sizes(1, 0.01, 20)
    expect(createBelief(limits, belief.usual()).judge(later)).toEqual(belief.judge(later))
    expect(createBelief(limits).judge(later).tooFar).toEqual([0])
  })

  it('is nothing that is not finite', () => {
    const { tooFar } = createBelief(limits).judge(sizes(1, 1, Number.NaN, 1, Number.POSITIVE_INFINITY))
    expect(tooFar).toEqual([0, 2])
  })

  it('refuses −10 times the mean, and a head of another direction however short, where honest ones move a tenth of their norm', () => {
    for (const lie of [11 * 10, Math.hypot(10, 10), Math.hypot(10, 9_900)]) {
      expect(createBelief(limits).judge(sizes(10, 1, 1.2, lie)).tooFar).toEqual([1])
    }
  })
})

describe('a sum, which is one distance for many heads', () => {
  const judged = (
    belief: ReturnType<typeof createBelief>,
    isLate: boolean,
    ...[own, moved, apart]: number[]
  ): boolean => belief.judge({ ...sizes(own!, moved!, apart!), sum: { isLate } }).tooFar.length === 0

  it('is believed wherever it lies where it is the first of a peer that begins late, and says what is usual', () => {
    const belief = createBelief(limits)
    expect(judged(belief, true, 1, 0.1, 20)).toBe(true)
    expect(belief.usual()).toEqual([20])
    expect(judged(belief, true, 1, 0.1, 99)).toBe(true)
    expect(judged(belief, true, 1, 0.1, 101)).toBe(false)
  })

  it('is bounded from the first on where all begin alike', () => {
    const belief = createBelief(limits)
    expect(judged(belief, false, 1, 0.1, 20)).toBe(false)
    expect(belief.usual()).toEqual([])
    expect(judged(belief, false, 1, 0.1, 0.5)).toBe(true)
    expect(judged(belief, false, 1, 0.1, 2.5)).toBe(true)
  })

  it('is never believed where its distance is no number', () => {
    for (const apart of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(judged(createBelief(limits), true, 1, 0.1, apart)).toBe(false)
    }
  })
})

describe('experts that are too long', () => {
  it('are those beyond what is usual, by the own head and the others', () => {
    expect(tooLong(10, [10, 9, 10, 51, 9_900], 5)).toEqual([3, 4])
    // Of two the shorter says what is usual; a single one says nothing.
    expect(tooLong(1, [10, 49], 5)).toEqual([])
    expect(tooLong(1, [10], 5)).toEqual([0])
    expect(tooLong(1, [], 5)).toEqual([])
    expect(tooLong(1, [Number.NaN], 5)).toEqual([0])
  })
})
