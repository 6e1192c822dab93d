import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Published } from '../../../src/methods/index.js'
import { authorsLimit, createNewestHeads } from '../../../src/node/roads/newest-heads.js'

const numbers = 3

function headOf(value: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(numbers * 4)).fill(value)
}

const published = (peer: string, round: number): Published => ({ peer, round, head: headOf(round) })

describe('the store of newest heads', () => {
  it('keeps the newest head of a peer, as it is', () => {
    const store = createNewestHeads({ numbers, limit: 4 })
    const second = published('b', 2)
    expect(store.receive(published('b', 1))).toEqual({ ok: true })
    expect(store.receive(second)).toEqual({ ok: true })
    expect(store.receive(published('b', 2))).toEqual({ ok: false, reason: 'stale' })
    expect(store.receive(published('b', 0))).toEqual({ ok: false, reason: 'stale' })
    expect(store.at(2)).toHaveLength(1)
    expect(store.at(2)[0]!.head).toBe(second.head)
  })

  it('says how many rounds a head lies behind; one that is ahead is none', () => {
    const store = createNewestHeads({ numbers, limit: 4 })
    store.receive(published('away', 1))
    store.receive(published('here', 7))
    store.receive(published('ahead', 9))
    expect(store.at(7).map(({ peer, age }) => [peer, age])).toEqual([
      ['ahead', 0],
      ['away', 6],
      ['here', 0],
    ])
    store.forget('away')
    expect(store.size).toBe(2)
  })

  it('asks the head of this round, though its peer is ahead already', () => {
    const store = createNewestHeads({ numbers, limit: 4 })
    for (const round of [3, 4]) store.receive(published('quick', round))
    store.receive(published('slow', 3))
    const rounds = (round: number, upTo?: number): number[] => store.at(round, upTo).map(held => held.round)
    expect(rounds(3, 3)).toEqual([3, 3])
    expect(rounds(3)).toEqual([4, 3])
    // Whoever asks for the last one has no more use for what was before.
    expect(rounds(3, 3)).toEqual([4, 3])
    store.receive(published('quick', 5))
    expect(rounds(4, 4)).toEqual([4, 3])
    expect(rounds(5, 5)).toEqual([5, 3])
    store.receive(published('quick', 6))
    store.forget('quick')
    expect(rounds(5, 5)).toEqual([3])
  })

  it('refuses heads of another size', () => {
    const store = createNewestHeads({ numbers: 4, limit: 4 })
    expect(store.receive(published('a', 0))).toEqual({ ok: false, reason: 'size' })
    expect(store.size).toBe(0)
  })

  it('is bounded: the oldest head makes way for a newer one, and for nothing else', () => {
    const store = createNewestHeads({ numbers, limit: 2 })
    store.receive(published('a', 3))
    store.receive(published('b', 4))
    expect(store.receive(published('crowd', 3))).toEqual({ ok: false, reason: 'full' })
    expect(store.receive(published('c', 4))).toEqual({ ok: true, dropped: 'a' })
    expect(store.receive(published('b', 5))).toEqual({ ok: true })
    expect(store.at(5).map(({ peer }) => peer)).toEqual(['b', 'c'])
  })

  it('takes only heads on shared memory', () => {
    const store = createNewestHeads({ numbers, limit: 2 })
    expect(() => store.receive({ peer: 'a', round: 0, head: new Float32Array(numbers) })).toThrow(TypeError)
    expect(() => createNewestHeads({ numbers, limit: 0 })).toThrow(RangeError)
    expect(() => createNewestHeads({ numbers, limit: authorsLimit + 1 })).toThrow(RangeError)
  })

  it('P19 gives the same heads in the same order, whatever order they came in', () => {
    const heads = fc.uniqueArray(fc.record({ peer: fc.string({ maxLength: 3 }), round: fc.nat(5) }), {
      selector: ({ peer, round }) => JSON.stringify([peer, round]),
      maxLength: 20,
    })
    fc.assert(
      fc.property(heads, fc.infiniteStream(fc.nat()), (list, draws) => {
        const held = (order: typeof list): unknown => {
          const store = createNewestHeads({ numbers, limit: 64 })
          for (const { peer, round } of order) store.receive(published(peer, round))
          return store.at(6).map(({ peer, round, age }) => [peer, round, age])
        }
        const shuffled = list.map(one => ({ one, at: draws.next().value })).sort((a, b) => a.at - b.at)
        expect(held(shuffled.map(({ one }) => one))).toEqual(held(list))
      }),
    )
  })
})
