import '../../src/runtime.js'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { isBug, orNothing, throwBug } from '../../src/gossip/bug.js'
import { createTaskSet } from '../../src/gossip/stream/task-set.js'

const mistake = new TypeError('undefined is not a function')
const hungUp = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })

describe('what a catch lets through', () => {
  it('is a mistake in a program, not what peers and networks do', () => {
    for (const error of [mistake, new ReferenceError('x is not defined')]) expect(isBug(error)).toBe(true)
    const badAddress = Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' })
    for (const error of [hungUp, badAddress, new RangeError('index out of range'), 'a reason']) {
      expect(isBug(error)).toBe(false)
    }
    expect(() => throwBug(mistake)).toThrow(mistake)
    throwBug(hungUp)
  })

  it('is thrown by a decoder of a stranger’s bytes', () => {
    const failing = (error: Error) => (): never => {
      throw error
    }
    expect(orNothing(failing(new RangeError('index out of range')))).toBeUndefined()
    expect(() => orNothing(failing(mistake))).toThrow(mistake)
  })
})

describe('a task that nobody awaits', () => {
  it('shows a bug with its stack, and ends neither the others nor the process', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue()
    onTestFinished(() => warned.mockRestore())
    const tasks = createTaskSet()
    const { promise, resolve } = Promise.withResolvers<void>()
    tasks.detach(Promise.reject(hungUp))
    tasks.detach(Promise.reject(mistake))
    tasks.detach(promise)
    let isSettled = false
    const settled = tasks.settled().then(() => {
      isSettled = true
    })
    await vi.waitFor(() => expect(warned).toHaveBeenCalledExactlyOnceWith(mistake))
    expect(isSettled).toBe(false)
    resolve()
    await settled
  })
})
