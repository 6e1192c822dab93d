import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../../src/node/index.js'
import { createTimeLeft, type TimeLeft, type TimeLeftInit } from '../../src/watch/time-left.js'

interface Stage {
  readonly left: TimeLeft
  /** Seconds pass, then this happens. */
  after(seconds: number, event: RunEvent): number | undefined
  pass(seconds: number): number | undefined
}

function stageOf(init: Partial<TimeLeftInit>): Stage {
  let ms = 1e6
  const left = createTimeLeft({ peers: 2, rounds: 6, evaluateEvery: 1, baselines: false, now: () => ms, ...init })
  const pass = (seconds: number): number | undefined => {
    ms += 1000 * seconds
    return left.seconds()
  }
  return {
    left,
    pass,
    after(seconds, event) {
      ms += 1000 * seconds
      left.add(event)
      return left.seconds()
    },
  }
}

const met: RunEvent = { type: 'joined', atMs: 0, peer: 'B', round: 0, heard: 1, missing: [] }
const trained: RunEvent = { type: 'trained', atMs: 0, peer: 'A', round: 0, loss: 1, samples: 1, seconds: 0.001 }
const whole = (round: number): RunEvent => ({
  type: 'round',
  atMs: 0,
  round,
  peers: 2,
  loss: 1,
  absent: 0,
  samples: 1,
  sentBytes: 0,
  seconds: 0,
})
const baseline = (name: 'localOnly' | 'centralised', round: number): RunEvent => ({
  type: 'baseline',
  atMs: 0,
  name,
  round,
  rounds: 6,
})

describe('the time that is left', () => {
  it('is not known before a round is whole, however much was trained', () => {
    const { after, pass } = stageOf({})
    expect(after(60, met)).toBeUndefined()
    expect(after(1, trained)).toBeUndefined()
    expect(pass(100)).toBeUndefined()
  })

  it('is what rounds took; neither meeting nor the slow first round counts for long', () => {
    const { after } = stageOf({})
    after(60, met)
    expect(after(10, whole(0))).toBe(50)
    expect(after(2, whole(1))).toBe(8)
    expect(after(2, whole(2))).toBe(6)
    expect(after(2, whole(3))).toBe(4)
    expect(after(2, whole(4))).toBe(2)
    expect(after(2, whole(5))).toBe(0)
  })

  it('runs while a round goes on, and never below what later rounds take', () => {
    const { after, pass } = stageOf({})
    after(0, met)
    after(4, whole(0))
    after(4, whole(1))
    expect(pass(1)).toBe(15)
    expect(pass(100)).toBe(12)
  })

  it('foretells rounds that are tested by those, and others by others', () => {
    const { after } = stageOf({ rounds: 10, evaluateEvery: 5 })
    after(0, met)
    after(3, whole(0))
    for (const round of [1, 2, 3]) after(1, whole(round))
    // Rounds 5 to 10 of 1 s each, as long as no test was seen.
    expect(after(0, trained)).toBe(6)
    // Round 5 is tested and takes 9 s: so will the last.
    expect(after(9, whole(4))).toBe(4 * 1 + 9)
  })

  it('follows a machine that becomes busy', () => {
    const { after } = stageOf({ rounds: 100 })
    after(0, met)
    for (let round = 0; round < 50; round++) after(1, whole(round))
    for (let round = 50; round < 55; round++) after(3, whole(round))
    expect(after(0, trained)).toBe(45 * 3)
  })

  it('includes the baselines: twice the rounds before they begin, then by their own pace, the slower one’s', () => {
    const { after } = stageOf({ rounds: 6, baselines: true })
    after(0, met)
    for (let round = 0; round < 5; round++) after(2, whole(round))
    expect(after(0, trained)).toBe(2 + 2 * (10 + 2))
    expect(after(2, whole(5))).toBe(24)
    // Alone: 12 peer-rounds, one a second. All in one place: 6 rounds, the first after 5 s.
    expect(after(1, baseline('localOnly', 0))).toBe(23)
    for (let round = 1; round < 4; round++) after(1, baseline('localOnly', round))
    expect(after(1, baseline('centralised', 0))).toBeCloseTo(25, 9)
    for (let done = 0; done < 8; done++) after(0, baseline('localOnly', 5))
    for (let round = 1; round < 5; round++) after(5, baseline('centralised', round))
    expect(after(0, trained)).toBeCloseTo(5, 9)
    expect(after(5, baseline('centralised', 5))).toBe(0)
  })

  it('counts rounds that come out together for what they took together', () => {
    const { after } = stageOf({})
    after(0, met)
    after(1, whole(0))
    after(6, whole(2))
    expect(after(0, trained)).toBe(9)
  })
})
