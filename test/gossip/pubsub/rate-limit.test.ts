import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRateLimit } from '../../../src/gossip/pubsub/rate-limit.js'

describe('the pace of an author', () => {
  it('is a second’s worth at once, then as many as flow in', () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const rate = createRateLimit(10, 2)
    const taken = (author: string, tries: number, cost = 1): number =>
      Array.from({ length: tries }, () => rate.isExceeded(author, cost)).filter(isTooOften => !isTooOften).length
    expect(taken('a', 30)).toBe(10)
    vi.advanceTimersByTime(500)
    expect(taken('a', 30)).toBe(5)
    expect(taken('b', 30)).toBe(10)
    vi.advanceTimersByTime(60_000)
    // What costs more comes less often, and what was too much leaves room for what is not.
    expect(taken('a', 3, 4)).toBe(2)
    expect(taken('a', 3)).toBe(1)
    expect(taken('b', 1, 11)).toBe(0)
    // The one that was silent longest is forgotten.
    expect(taken('c', 1)).toBe(1)
    expect(taken('a', 30)).toBe(10)
  })
})
