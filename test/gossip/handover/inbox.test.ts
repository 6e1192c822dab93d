import { describe, expect, it } from 'vitest'
import { createInbox } from '../../../src/gossip/handover/inbox.js'
import { handoverProtocol } from '../../../src/gossip/handover/protocol.js'
import { Rejection } from '../../../src/gossip/rejection.js'
import { never } from '../hosts.js'

const head = Float32Array.of(1, 2, 3)

describe('inbox', () => {
  it('gives a head that is here at once, and once', async () => {
    const inbox = createInbox()
    inbox.claim('boston', 0, 0).deliver(head)
    expect(await inbox.take('boston', 0, 0, never)).toBe(head)
    const again = new AbortController()
    const second = inbox.take('boston', 0, 0, again.signal)
    again.abort(new Error('enough'))
    await expect(second).rejects.toThrow('enough')
  })

  it('gives a head that comes later to who waits, first come first served', async () => {
    const inbox = createInbox()
    const gaveUp = new AbortController()
    const impatient = inbox.take('boston', 2, 1, gaveUp.signal)
    const patient = inbox.take('boston', 2, 1, never)
    const other = inbox.take('lyon', 2, 1, never)
    // In the same turn of the event loop: the head must not go to who has just left.
    gaveUp.abort(new Error('gave up'))
    inbox.claim('boston', 2, 1).deliver(head)
    await expect(impatient).rejects.toThrow('gave up')
    expect(await patient).toBe(head)
    const fromLyon = Float32Array.of(9)
    inbox.claim('lyon', 2, 1).deliver(fromLyon)
    expect(await other).toBe(fromLyon)
  })

  it('keeps one place for each sender, round and step', () => {
    const inbox = createInbox()
    const claim = inbox.claim('boston', 0, 0)
    expect(() => inbox.claim('boston', 0, 0)).toThrow('DUPLICATE')
    claim.deliver(head)
    claim.release()
    expect(() => inbox.claim('boston', 0, 0)).toThrow('DUPLICATE')
    for (const [sender, round, step] of [
      ['lyon', 0, 0],
      ['boston', 1, 0],
      ['boston', 0, 1],
    ] as const) {
      expect(() => inbox.claim(sender, round, step)).not.toThrow()
    }
  })

  it('still calls a head that was taken a duplicate', async () => {
    const inbox = createInbox()
    const taken = inbox.take('boston', 0, 0, never)
    inbox.claim('boston', 0, 0).deliver(head)
    await taken
    expect(() => inbox.claim('boston', 0, 0)).toThrow('DUPLICATE')
  })

  it('tells whoever waits, and whoever asks later, that what came was refused; a good one may still follow', async () => {
    const inbox = createInbox()
    const waiting = inbox.take('boston', 0, 0, never)
    const claim = inbox.claim('boston', 0, 0)
    claim.refuse(new Rejection('NOT_FINITE'))
    claim.release()
    await expect(waiting).rejects.toThrow('NOT_FINITE')
    await expect(inbox.take('boston', 0, 0, never)).rejects.toThrow('NOT_FINITE')
    inbox.claim('boston', 0, 0).deliver(head)
    expect(await inbox.take('boston', 0, 0, never)).toBe(head)
  })

  it('says that nothing is new to whoever would know, and a head may still answer', async () => {
    const inbox = createInbox()
    const asks = inbox.takeNew('boston', 0, 0, never)
    const waits = inbox.take('boston', 0, 0, never)
    inbox.still('boston', 0, 0)
    expect(await asks).toBeUndefined()
    expect(await inbox.takeNew('boston', 0, 0, never)).toBeUndefined()
    expect(() => inbox.still('boston', 0, 0)).toThrow('DUPLICATE')
    inbox.claim('boston', 0, 0).deliver(head)
    expect(await waits).toBe(head)
    expect(() => inbox.still('boston', 0, 0)).toThrow('DUPLICATE')
  })

  it('gives a head to whoever would know whether there is one, and takes nothing back', async () => {
    const inbox = createInbox()
    const claim = inbox.claim('boston', 0, 0)
    expect(() => inbox.still('boston', 0, 0)).toThrow('DUPLICATE')
    const asks = inbox.takeNew('boston', 0, 0, never)
    claim.deliver(head)
    expect(await asks).toBe(head)
    inbox.claim('lyon', 0, 0).deliver(head)
    expect(await inbox.takeNew('lyon', 0, 0, never)).toBe(head)
    const gaveUp = new AbortController()
    const late = inbox.takeNew('nice', 0, 0, gaveUp.signal)
    gaveUp.abort(new Error('enough'))
    await expect(late).rejects.toThrow('enough')
    inbox.claim('nice', 0, 0).refuse(new Rejection('NOT_FINITE'))
    await expect(inbox.takeNew('nice', 0, 0, never)).rejects.toThrow('NOT_FINITE')
    inbox.advance(1, 0)
    expect(() => inbox.still('boston', 0, 0)).toThrow('STALE_ROUND')
  })

  it('lets a failed head be tried again, but not for ever', () => {
    const inbox = createInbox()
    for (let i = 0; i < handoverProtocol.limits.attemptsPerHead; i++) inbox.claim('boston', 0, 0).release()
    expect(() => inbox.claim('boston', 0, 0)).toThrow('TOO_MANY_ATTEMPTS')
  })

  it('forgets what is past and takes no more of it', async () => {
    const inbox = createInbox()
    inbox.claim('boston', 3, 1).deliver(head)
    inbox.claim('boston', 4, 0).deliver(head)
    const arriving = inbox.claim('lyon', 3, 1)
    arriving.proceed()
    inbox.advance(4, 0)
    expect(() => inbox.claim('boston', 3, 1)).toThrow('STALE_ROUND')
    expect(() => arriving.proceed()).toThrow('STALE_ROUND')
    expect(() => arriving.deliver(head)).toThrow('STALE_ROUND')
    expect(await inbox.take('boston', 4, 0, never)).toBe(head)
    inbox.advance(2, 0)
    expect(() => inbox.checkPosition(3, 9)).toThrow('STALE_ROUND')
    const gone = inbox.take('boston', 3, 1, AbortSignal.timeout(20))
    await expect(gone).rejects.toThrow()
  })

  it('gives what came late of one sender in order, and once, but for what is past', () => {
    const inbox = createInbox()
    const [first, second, third] = [1, 2, 3].map(value => Float32Array.of(value))
    inbox.claim('boston', 3, 0).deliver(third!)
    inbox.claim('boston', 2, 1).deliver(second!)
    inbox.claim('boston', 1, 0).deliver(first!)
    inbox.claim('boston-2', 2, 0).deliver(head)
    inbox.claim('boston', 2, 0)
    inbox.advance(2, 0)
    expect(inbox.earlier('boston', 3, 0)).toEqual([{ round: 2, values: second }])
    expect(inbox.earlier('boston', 3, 0)).toEqual([])
    expect(() => inbox.claim('boston', 2, 1)).toThrow('DUPLICATE')
    expect(inbox.earlier('boston', 4, 0)).toEqual([{ round: 3, values: third }])
  })

  it('rejects a take whose signal has come before it', async () => {
    const inbox = createInbox()
    inbox.claim('boston', 0, 0).deliver(head)
    await expect(inbox.take('boston', 0, 0, AbortSignal.abort(new Error('over')))).rejects.toThrow('over')
    expect(await inbox.take('boston', 0, 0, never)).toBe(head)
  })
})
