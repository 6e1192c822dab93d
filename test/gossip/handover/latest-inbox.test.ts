import { describe, expect, it } from 'vitest'
import { createLatestInbox } from '../../../src/gossip/handover/latest-inbox.js'
import { handoverProtocol } from '../../../src/gossip/handover/protocol.js'

const head = (value: number): Float32Array => new Float32Array([value])

describe('an inbox of newest heads', () => {
  it('keeps of each sender the newest, and gives it out again and again', () => {
    const inbox = createLatestInbox()
    expect(inbox.latest('boston')).toBeUndefined()
    inbox.claim('boston', 2, 0).deliver(head(2))
    inbox.claim('basel', 9, 0).deliver(head(9))
    expect(inbox.latest('boston')).toEqual({ round: 2, values: head(2) })
    inbox.claim('boston', 5, 0).deliver(head(5))
    expect(inbox.latest('boston')).toEqual({ round: 5, values: head(5) })
    expect(inbox.latest('boston')).toEqual({ round: 5, values: head(5) })
    expect(inbox.latest('basel')?.round).toBe(9)
  })

  it('refuses what is older, and what it has or is getting', () => {
    const inbox = createLatestInbox()
    inbox.claim('boston', 5, 0).deliver(head(5))
    expect(() => inbox.claim('boston', 4, 0)).toThrow('STALE_ROUND')
    expect(() => inbox.claim('boston', 5, 0)).toThrow('DUPLICATE')
    expect(() => inbox.claim('boston', 6, 1)).toThrow('FUTURE_ROUND')
    const arriving = inbox.claim('boston', 6, 0)
    expect(() => inbox.claim('boston', 6, 0)).toThrow('DUPLICATE')
    // A newer one overtakes it, and is not replaced by it.
    inbox.claim('boston', 7, 0).deliver(head(7))
    arriving.deliver(head(6))
    expect(inbox.latest('boston')).toEqual({ round: 7, values: head(7) })
  })

  it('lets no head be tried without end', () => {
    const inbox = createLatestInbox()
    for (let i = 0; i < handoverProtocol.limits.attemptsPerHead; i++) inbox.claim('boston', 1, 0).release()
    expect(() => inbox.claim('boston', 1, 0)).toThrow('TOO_MANY_ATTEMPTS')
    inbox.claim('boston', 2, 0).deliver(head(2))
    expect(inbox.latest('boston')?.round).toBe(2)
  })

  it('forgets who is no neighbour any more', () => {
    const inbox = createLatestInbox()
    for (const sender of ['boston', 'basel']) inbox.claim(sender, 0, 0).deliver(head(0))
    inbox.keepOnly(new Set(['basel']))
    expect(inbox.latest('boston')).toBeUndefined()
    expect(inbox.latest('basel')?.round).toBe(0)
  })

  it('has nothing to wait for', async () => {
    await expect(createLatestInbox().take('boston', 0, 0, new AbortController().signal)).rejects.toThrow('not taken')
  })
})
