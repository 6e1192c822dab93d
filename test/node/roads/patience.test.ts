import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { adaptivePatience, fixedPatience, type Patience, patienceForAll } from '../../../src/node/roads/patience.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

/** One exchange after so much training, with neighbours whose heads come after so long, or never. */
function exchange(patience: Patience, trainingMs: number, neighbours: readonly (number | undefined)[]): number {
  vi.advanceTimersByTime(trainingMs)
  const waiting = patience.begin()
  let now = 0
  const named = neighbours.map((ms, at) => ({ name: `peer-${at}`, ms: ms ?? waiting.limitMs, comes: ms !== undefined }))
  for (const { name, ms, comes } of named.sort((a, b) => a.ms - b.ms)) {
    vi.advanceTimersByTime(ms - now)
    now = ms
    waiting.ended(name, comes ? 'came' : 'late')
  }
  waiting.done()
  return waiting.limitMs
}

describe('patience', () => {
  it('of a simulation is always the same', () => {
    const patience = fixedPatience(1234)
    expect(exchange(patience, 5000, [10, 20])).toBe(1234)
    expect(exchange(patience, 5, [undefined])).toBe(1234)
  })

  it('knows nothing at first, and then waits twice as long as the faster half took', () => {
    const patience = adaptivePatience({ longestMs: 60_000, shortestMs: 0 })
    expect(exchange(patience, 0, [1000, 3000, 50_000])).toBe(60_000)
    // The middle of three counts: one that is far slower than the others does not.
    expect(exchange(patience, 0, [1000, 3000, undefined])).toBe(6000)
    expect(exchange(patience, 500, [1000, 3000, undefined])).toBe(6500)
  })

  it('remembers the slowest of the last few exchanges, and forgets older ones', () => {
    const patience = adaptivePatience({ longestMs: 60_000, shortestMs: 0 })
    exchange(patience, 0, [9000])
    for (let turn = 0; turn < 5; turn++) expect(exchange(patience, 0, [100])).toBe(18_000)
    expect(exchange(patience, 0, [100])).toBe(200)
  })

  it('learns nothing from an exchange in which the faster half did not come, or that had no neighbours', () => {
    const patience = adaptivePatience({ longestMs: 60_000, shortestMs: 0 })
    expect(exchange(patience, 0, [undefined, undefined, 10])).toBe(60_000)
    expect(exchange(patience, 0, [])).toBe(60_000)
    expect(exchange(patience, 0, [2000])).toBe(60_000)
    expect(exchange(patience, 0, [])).toBe(4000)
  })

  it('waits for who misses three in a row every second time, every fourth, and so on, until it comes', () => {
    const patience = adaptivePatience({ longestMs: 100 })
    const waitedFor = (exchanges: number, comes = false): number[] => {
      const at: number[] = []
      for (let i = 0; i < exchanges; i++) {
        const waiting = patience.begin()
        if (waiting.expects('silent')) at.push(i)
        expect(waiting.expects('other')).toBe(true)
        waiting.ended('silent', comes ? 'came' : 'late')
        waiting.ended('other', 'came')
        waiting.done()
      }
      return at
    }
    expect(waitedFor(35)).toEqual([0, 1, 2, 4, 8, 16, 32])
    // One that comes although nobody waits for it has made up for all.
    expect(waitedFor(1, true)).toEqual([])
    expect(waitedFor(9)).toEqual([0, 1, 2, 4, 8])
    // However long it was silent, it gets its chance.
    waitedFor(1000)
    expect(waitedFor(64)).toHaveLength(1)
  })

  it('forgives nothing to one that has nothing new where nobody has, and is silent where a head is due', () => {
    const patience = adaptivePatience({ longestMs: 100 })
    const at: number[] = []
    for (let i = 0; i < 34; i++) {
      const isHeadDue = i % 2 === 0
      const waiting = patience.begin()
      if (isHeadDue && waiting.expects('liar')) at.push(i)
      waiting.ended('liar', isHeadDue ? 'late' : 'still')
      waiting.ended('other', 'came')
      waiting.done()
    }
    expect(at).toEqual([0, 2, 4, 6, 10, 18])
  })

  it('forgets who was no neighbour for long', () => {
    const patience = adaptivePatience({ longestMs: 100 })
    const turn = (others: readonly string[]): boolean => {
      const waiting = patience.begin()
      const isWaitedFor = waiting.expects('silent')
      for (const peer of others) waiting.ended(peer, 'late')
      waiting.done()
      return isWaitedFor
    }
    const waited = (): boolean[] => Array.from({ length: 4 }, () => turn(['silent']))
    expect(waited()).toEqual([true, true, true, false])
    for (let i = 0; i < 70; i++) turn([])
    // Two misses are forgiven again.
    expect(waited()).toEqual([true, true, true, false])
  })

  it('is not lost with who is known to be gone, or to be elsewhere', () => {
    const patience = adaptivePatience({ longestMs: 100 })
    for (let i = 0; i < 10; i++) {
      const waiting = patience.begin()
      expect(waiting.expects('away')).toBe(true)
      waiting.ended('away', 'absent')
      waiting.done()
    }
  })

  it('of a simulation waits for everybody, always', () => {
    const patience = fixedPatience(5)
    for (let i = 0; i < 10; i++) {
      const waiting = patience.begin()
      expect(waiting.expects('silent')).toBe(true)
      waiting.ended('silent', 'late')
      waiting.done()
    }
  })

  it('is never shorter than a hiccup, nor longer than the manifest says', () => {
    const patience = adaptivePatience({ longestMs: 5000 })
    expect(exchange(patience, 0, [1])).toBe(5000)
    expect(exchange(patience, 0, [4000])).toBe(2000)
    expect(exchange(patience, 0, [1])).toBe(5000)
  })

  it('is a whole number of milliseconds, which is all that timers take', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 100_000, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { maxLength: 5 }),
        (longestMs, times) => {
          expect(Number.isInteger(fixedPatience(longestMs).begin().limitMs)).toBe(true)
          const patience = adaptivePatience({ longestMs, shortestMs: 0.5 })
          for (const ms of times) expect(Number.isInteger(exchange(patience, ms, [ms, ms / 3]))).toBe(true)
        },
      ),
    )
  })
})

describe('patience for all', () => {
  it('waits twice as long as the slowest took', () => {
    const patience = patienceForAll({ longestMs: 60_000, shortestMs: 0 })
    expect(exchange(patience, 0, [1000, 1000, 9000])).toBe(60_000)
    expect(exchange(patience, 500, [1000, 1000, 1000])).toBe(18_500)
  })

  it('waits for who misses three in a row every eighth time at least, then as long as ever, until it comes', () => {
    const patience = patienceForAll({ longestMs: 60_000, shortestMs: 0 })
    const one = (comes: boolean): { readonly limitMs: number; readonly isWaitedFor: boolean } => {
      const waiting = patience.begin()
      const isWaitedFor = waiting.expects('silent')
      expect(waiting.expects('other')).toBe(true)
      vi.advanceTimersByTime(10)
      waiting.ended('other', 'came')
      waiting.ended('silent', comes ? 'came' : 'late')
      waiting.done()
      return { limitMs: waiting.limitMs, isWaitedFor }
    }
    const turns = Array.from({ length: 33 }, () => one(false))
    const waited = [...turns.keys()].filter(turn => turns[turn]!.isWaitedFor)
    expect(waited).toEqual([0, 1, 2, 4, 8, 16, 24, 32])
    for (const turn of waited) expect(turns[turn]!.limitMs).toBe(60_000)
    // The others are waited for as ever.
    expect(turns[7]!.limitMs).toBe(20)
    // Nobody waited for it, and it came all the same.
    expect(one(true).isWaitedFor).toBe(false)
    expect(one(true).isWaitedFor).toBe(true)
    expect(one(true)).toEqual({ limitMs: 20, isWaitedFor: true })
  })

  it('waits longest again where one was late, until all come in time', () => {
    const patience = patienceForAll({ longestMs: 60_000, shortestMs: 0 })
    exchange(patience, 0, [100, 100])
    expect(exchange(patience, 0, [100, undefined])).toBe(200)
    expect(exchange(patience, 0, [100, 5000])).toBe(60_000)
    expect(exchange(patience, 0, [100, 5000])).toBe(10_000)
  })

  it('learns nothing from an exchange in which nobody came', () => {
    const patience = patienceForAll({ longestMs: 60_000, shortestMs: 0 })
    expect(exchange(patience, 0, [])).toBe(60_000)
    expect(exchange(patience, 0, [])).toBe(60_000)
  })
})
