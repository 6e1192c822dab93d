import { describe, expect, it } from 'vitest'
import { createLockstep } from '../../src/node/index.js'
import { never } from '../gossip/hosts.js'

/** Has it settled once everything that can happen by itself has happened? */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  promise.catch(() => {}).finally(() => (settled = true))
  await new Promise(resolve => setImmediate(resolve))
  return settled
}

describe('lockstep', () => {
  it('a round has ended when all have ended it who take part in it', async () => {
    const lockstep = createLockstep(['a', 'b', 'c'], new Map([['c', 1]]))
    const [first, second] = [lockstep.whenEnded(0, never), lockstep.whenEnded(1, never)]
    const met = lockstep.whenEnded(-1, never)
    lockstep.end('a', -1)
    lockstep.end('b', -1)
    // One that is killed later is met as well.
    expect(await isSettled(met)).toBe(false)
    lockstep.end('c', -1)
    await met
    lockstep.end('a', 0)
    lockstep.end('b', 0)
    expect(await isSettled(first)).toBe(false)
    lockstep.end('c', 0)
    await first
    // c is killed in round 1.
    lockstep.end('a', 1)
    expect(await isSettled(second)).toBe(false)
    lockstep.end('b', 1)
    await second
  })

  it('a stage of a round is reached when all have reached it, or are further', async () => {
    const lockstep = createLockstep(['a', 'b', 'c'], new Map([['c', 2]]))
    const reached = lockstep.whenReached(1, 1, never)
    lockstep.reach('a', 1, 1)
    lockstep.reach('b', 2, 1)
    expect(await isSettled(reached)).toBe(false)
    lockstep.reach('c', 1, 2)
    await reached
    const second = lockstep.whenReached(2, 2, never)
    lockstep.reach('a', 2, 2)
    expect(await isSettled(second)).toBe(false)
    // c is killed in round 2.
    lockstep.reach('b', 3, 1)
    await second
  })

  it('begins where a run goes on, when all have met that have not died before', async () => {
    const lockstep = createLockstep(['a', 'b'], new Map([['b', 6]]), 7)
    expect(await isSettled(lockstep.whenEnded(6, never))).toBe(false)
    lockstep.end('a', 6)
    await lockstep.whenEnded(6, never)
    expect(await isSettled(lockstep.whenEnded(7, never))).toBe(false)
  })

  it('knows from which round on somebody is gone, and in which one has nothing to send', () => {
    const lockstep = createLockstep(['a', 'b'], new Map([['a', 2]]))
    expect([1, 2, 3].map(round => lockstep.isGone('a', round))).toEqual([false, true, true])
    expect(lockstep.isGone('b', 3)).toBe(false)
    lockstep.withhold('b', 1)
    expect([0, 1, 2].map(round => lockstep.isWithheld('b', round))).toEqual([false, true, false])
  })

  it('waits end with their signal', async () => {
    const lockstep = createLockstep(['a'])
    const control = new AbortController()
    const waits = [lockstep.whenEnded(0, control.signal), lockstep.until(() => false, control.signal)]
    control.abort(new Error('over'))
    for (const wait of waits) await expect(wait).rejects.toThrow('over')
  })
})
