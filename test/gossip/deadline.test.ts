import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDeadline } from '../../src/gossip/deadline.js'

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
