import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createExpertStore, type Expert, selectExperts } from '../../src/mixture/experts.js'

const numbers = 3

function headOf(value: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(numbers * 4)).fill(value)
}

const expert = (peer: string, round: number): Expert => ({ peer, round, head: headOf(round) })

describe('the expert store', () => {
  it('keeps the newest head of a peer, as it is', () => {
    const store = createExpertStore({ numbers, limit: 4 })
    const second = expert('b', 2)
    expect(store.receive(expert('b', 1))).toEqual({ ok: true })
    expect(store.receive(second)).toEqual({ ok: true })
    expect(store.receive(expert('b', 2))).toEqual({ ok: false, reason: 'stale' })
    expect(store.receive(expert('b', 0))).toEqual({ ok: false, reason: 'stale' })
    expect(store.experts(2)).toHaveLength(1)
    expect(store.experts(2)[0]!.head).toBe(second.head)
  })

  it('says how many rounds a head lies behind; one that is ahead is none', () => {
    const store = createExpertStore({ numbers, limit: 4 })
    store.receive(expert('away', 1))
    store.receive(expert('here', 7))
    store.receive(expert('ahead', 9))
    expect(store.experts(7).map(({ peer, age }) => [peer, age])).toEqual([
      ['ahead', 0],
      ['away', 6],
      ['here', 0],
    ])
    store.forget('away')
    expect(store.size).toBe(2)
  })

  it('asks the head of this round, though its peer is ahead already', () => {
    const store = createExpertStore({ numbers, limit: 4 })
    for (const round of [3, 4]) store.receive(expert('quick', round))
    store.receive(expert('slow', 3))
    const rounds = (round: number, upTo?: number): number[] => store.experts(round, upTo).map(held => held.round)
    expect(rounds(3, 3)).toEqual([3, 3])
    expect(rounds(3)).toEqual([4, 3])
    // Whoever asks for the last one has no more use for what was before.
    expect(rounds(3, 3)).toEqual([4, 3])
    store.receive(expert('quick', 5))
    expect(rounds(4, 4)).toEqual([4, 3])
    expect(rounds(5, 5)).toEqual([5, 3])
    store.receive(expert('quick', 6))
    store.forget('quick')
    expect(rounds(5, 5)).toEqual([3])
  })

  it('refuses heads of another size', () => {
    const store = createExpertStore({ numbers: 4, limit: 4 })
    expect(store.receive(expert('a', 0))).toEqual({ ok: false, reason: 'size' })
    expect(store.size).toBe(0)
  })

  it('is bounded: the oldest head makes way for a newer one, and for nothing else', () => {
    const store = createExpertStore({ numbers, limit: 2 })
    store.receive(expert('a', 3))
    store.receive(expert('b', 4))
    expect(store.receive(expert('crowd', 3))).toEqual({ ok: false, reason: 'full' })
    expect(store.receive(expert('c', 4))).toEqual({ ok: true, dropped: 'a' })
    expect(store.receive(expert('b', 5))).toEqual({ ok: true })
    expect(store.experts(5).map(({ peer }) => peer)).toEqual(['b', 'c'])
  })

  it('takes only heads on shared memory', () => {
    const store = createExpertStore({ numbers, limit: 2 })
    expect(() => store.receive({ peer: 'a', round: 0, head: new Float32Array(numbers) })).toThrow(TypeError)
    expect(() => createExpertStore({ numbers, limit: 0 })).toThrow(RangeError)
    expect(() => createExpertStore({ numbers, limit: 1e9 })).toThrow(RangeError)
  })

  it('P19 gives the same experts in the same order, whatever order they came in', () => {
    const heads = fc.uniqueArray(fc.record({ peer: fc.string({ maxLength: 3 }), round: fc.nat(5) }), {
      selector: ({ peer, round }) => JSON.stringify([peer, round]),
      maxLength: 20,
    })
    fc.assert(
      fc.property(heads, fc.infiniteStream(fc.nat()), (list, draws) => {
        const held = (order: typeof list): unknown => {
          const store = createExpertStore({ numbers, limit: 64 })
          for (const { peer, round } of order) store.receive(expert(peer, round))
          return store.experts(6).map(({ peer, round, age }) => [peer, round, age])
        }
        const shuffled = list.map(one => ({ one, at: draws.next().value })).sort((a, b) => a.at - b.at)
        expect(held(shuffled.map(({ one }) => one))).toEqual(held(list))
      }),
    )
  })
})

describe('top experts', () => {
  const all = ['a', 'b', 'c', 'd', 'e'].map(peer => expert(peer, 0))
  const weights = new Map([
    ['a', 0.1],
    ['b', 0.4],
    ['c', 0.4],
    ['d', 0.05],
  ])
  const chosen = (limit: number, newcomers: 'first' | 'last'): string =>
    selectExperts([...all].reverse(), weights, limit, newcomers)
      .map(({ peer }) => peer)
      .join('')

  it('are the new ones in training, then those with the largest weights, in the order of their ids', () => {
    expect(chosen(1, 'first')).toBe('e')
    expect(chosen(2, 'first')).toBe('be')
    expect(chosen(3, 'first')).toBe('bce')
    expect(chosen(9, 'first')).toBe('abcde')
    expect(chosen(Number.POSITIVE_INFINITY, 'first')).toBe('abcde')
  })

  it('are new ones last in prediction', () => {
    expect(chosen(2, 'last')).toBe('bc')
    expect(chosen(4, 'last')).toBe('abcd')
  })
})
