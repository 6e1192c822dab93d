import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDeadline, inTime } from '../src/deadline.js'

describe('a deadline', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('ends with its phase, and a new phase starts the clock again', () => {
    const deadline = createDeadline()
    deadline.within(100, new Error('first byte'))
    vi.advanceTimersByTime(90)
    deadline.within(100, new Error('transfer'))
    vi.advanceTimersByTime(90)
    expect(deadline.signal.aborted).toBe(false)
    vi.advanceTimersByTime(10)
    expect(deadline.signal.reason).toEqual(new Error('transfer'))
  })

  it('ends with any of the signals it joins, also one that came before it', () => {
    const control = new AbortController()
    const deadline = createDeadline(new AbortController().signal, control.signal)
    control.abort(new Error('stopped'))
    expect(deadline.signal.reason).toEqual(new Error('stopped'))
    expect(createDeadline(control.signal).signal.aborted).toBe(true)
  })

  it('never comes in Infinity, which Node would take for a millisecond, and still ends with its signals', () => {
    const control = new AbortController()
    const deadline = createDeadline(control.signal)
    deadline.within(50, new Error('too soon'))
    deadline.within(Number.POSITIVE_INFINITY, new Error('never'))
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(2 ** 40)
    expect(deadline.signal.aborted).toBe(false)
    control.abort(new Error('stopped'))
    expect(deadline.signal.reason).toEqual(new Error('stopped'))
  })

  it('shares its listener with all others of a signal: as many as there are neighbours raise no suspicion', () => {
    const control = new AbortController()
    const deadlines = Array.from({ length: 20 }, () => createDeadline(control.signal))
    expect(getEventListeners(control.signal, 'abort')).toHaveLength(1)
    // One that lets go while another ends is not ended.
    deadlines[0]!.signal.addEventListener('abort', () => deadlines[1]!.clear())
    for (const deadline of deadlines.slice(10)) deadline.clear()
    control.abort(new Error('over'))
    expect(deadlines.map(({ signal }) => signal.aborted)).toEqual(deadlines.map((_, at) => at < 10 && at !== 1))
    for (const deadline of deadlines) deadline.clear()
    expect(getEventListeners(control.signal, 'abort')).toHaveLength(0)
  })

  it('leaves no timer and no listener behind', () => {
    const { signal } = new AbortController()
    const deadline = createDeadline(signal)
    deadline.within(100, new Error('late'))
    expect(vi.getTimerCount()).toBe(1)
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    deadline.clear()
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('a wait for a limited time', () => {
  it('ends with the promise, the time or the signal, whichever is first, and leaves no timer', async () => {
    vi.useFakeTimers()
    const stop = new AbortController()
    const { signal } = stop
    const never = new Promise<string>(() => {})
    expect(await inTime(Promise.resolve('here'), 10, signal)).toBe('here')
    await expect(inTime(Promise.reject(new Error('broken')), 10)).rejects.toThrow('broken')
    const late = inTime(never, 10)
    vi.advanceTimersByTime(10)
    expect(await late).toBeUndefined()
    const aborted = inTime(never, 10, signal)
    stop.abort()
    expect([await aborted, await inTime(never, 10, signal)]).toEqual([undefined, undefined])
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    vi.useRealTimers()
  })
})

describe('a deadline that nobody else holds', () => {
  it('comes though the garbage collector was there before', async () => {
    vi.useRealTimers()
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const deadline = createDeadline(new AbortController().signal)
    deadline.within(300, new Error('late'))
    for (let turn = 0; turn < 3; turn++) {
      await setImmediate()
      collect()
    }
    await expect.poll(() => deadline.signal.aborted, { timeout: 50_000 }).toBe(true)
    expect(deadline.signal.reason).toEqual(new Error('late'))
  })
})
