import { describe, expect, it } from 'vitest'
import { createWaiters } from '../src/until.js'

const forEver = new AbortController().signal

describe('waiting until others bring something about', () => {
  it('ends at once where it is so already', async () => {
    const waiters = createWaiters()
    expect(await waiters.until(() => 'there', forEver)).toBe('there')
    expect(waiters.size).toBe(0)
  })

  it('asks again at every look, first come first served, and gives what the answer was', async () => {
    const waiters = createWaiters()
    const left = [1, 2]
    let stock = false
    const take = (): number | false => stock && (left.shift() ?? false)
    const [first, second] = [waiters.until(take, forEver), waiters.until(take, forEver)]
    const never = waiters.until(take, forEver)
    waiters.look()
    expect(waiters.size).toBe(3)
    stock = true
    waiters.look()
    expect([await first, await second]).toEqual([1, 2])
    expect(waiters.size).toBe(1)
    waiters.end(new Error('over'))
    await expect(never).rejects.toThrow('over')
  })

  it('is left with the signal, and takes nothing after that', async () => {
    const waiters = createWaiters()
    const leaving = new AbortController()
    let asked = 0
    const waiting = waiters.until(() => ++asked > 1, leaving.signal)
    leaving.abort(new Error('enough'))
    waiters.look()
    await expect(waiting).rejects.toThrow('enough')
    expect([asked, waiters.size]).toEqual([1, 0])
    await expect(waiters.until(() => true, leaving.signal)).rejects.toThrow('enough')
  })

  it('is over for those who come after the end too', async () => {
    const waiters = createWaiters()
    waiters.end(new Error('over'))
    await expect(waiters.until(() => true, forEver)).rejects.toThrow('over')
    expect(waiters.size).toBe(0)
  })
})
