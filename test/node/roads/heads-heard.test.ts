import { describe, expect, it } from 'vitest'
import type { HeardReport } from '../../../src/gossip/index.js'
import { createLockstep, fixedPatience, type Patience } from '../../../src/node/index.js'
import { createHeadsHeard, type HeadsHeard } from '../../../src/node/roads/heads-heard.js'
import { never } from '../../gossip/hosts.js'

/** Presence whose members come, go and move on as the test says. */
function stageOf(patience: Patience, peers: Readonly<Record<string, { round?: number; live?: boolean }>>) {
  const watchers = new Set<() => void>()
  const state = new Map(Object.entries(peers).map(([peer, known]) => [peer, { round: 5, live: true, ...known }]))
  const presence = {
    heard: () => new Map([...state].map(([peer, { round }]) => [peer, { round, from: 0 } as HeardReport])),
    live: () => [...state].filter(([, { live }]) => live).map(([peer]) => peer),
    until: (is: () => boolean, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const look = (): void => {
          if (is()) resolve()
        }
        watchers.add(look)
        signal.addEventListener('abort', () => reject(signal.reason))
        look()
      }),
  }
  const hearing: HeadsHeard = createHeadsHeard({ presence, patience })
  return {
    hearing,
    presence,
    loses(peer: string) {
      state.get(peer)!.live = false
      for (const look of watchers) look()
    },
  }
}

/** Has it settled by the time that everything else has? */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  promise.then(
    () => (done = true),
    () => (done = true),
  )
  await new Promise(resolve => setTimeout(resolve, 20))
  return done
}

const peers = ['a', 'b']

describe('hearing', () => {
  it('waits for a head of this round of everybody, and takes a later one for it', async () => {
    const { hearing } = stageOf(fixedPatience(60_000), { a: {}, b: {} })
    const all = hearing.whenAll(peers, 5, never)
    hearing.heard('a', 5)
    hearing.heard('b', 4)
    expect(await isDone(all)).toBe(false)
    hearing.heard('b', 6)
    await all
    // An old one that comes late takes nothing back.
    hearing.heard('b', 2)
    expect(hearing.has('b', 6)).toBe(true)
    expect(hearing.has('b', 7)).toBe(false)
  })

  it('does not wait for who is not there, goes, or is far behind', async () => {
    const { hearing, loses } = stageOf(fixedPatience(60_000), { a: {}, b: { live: false }, c: { round: 1 }, d: {} })
    const all = hearing.whenAll(['a', 'b', 'c', 'd', 'unheard'], 5, never)
    hearing.heard('a', 5)
    expect(await isDone(all)).toBe(false)
    loses('d')
    await all
  })

  it('knows from a head too how far its peer is, whatever its record says', async () => {
    const { hearing } = stageOf(fixedPatience(60_000), { a: { round: 0 }, b: { round: 0 } })
    hearing.heard('a', 7)
    const all = hearing.whenAll(peers, 8, never)
    expect(await isDone(all)).toBe(false)
    hearing.heard('a', 8)
    await all
  })

  it('ends with its patience, and says who came', async () => {
    const told: string[] = []
    const patience: Patience = {
      begin: () => ({
        limitMs: 30,
        expects: () => true,
        ended: (peer, how) => void told.push(`${peer} ${how}`),
        done: () => {},
      }),
    }
    const { hearing } = stageOf(patience, { a: {}, b: {} })
    hearing.heard('a', 5)
    await hearing.whenAll(peers, 5, never)
    expect(told).toEqual(['a came', 'b late'])
  })

  it('ends when those worth waiting for were heard', async () => {
    const patience: Patience = {
      begin: () => ({ limitMs: 60_000, expects: peer => peer === 'a', ended() {}, done: () => {} }),
    }
    const { hearing } = stageOf(patience, { a: {}, b: {} })
    hearing.heard('a', 5)
    await hearing.whenAll(peers, 5, never)
    expect(hearing.has('b', 5)).toBe(false)
  })

  it('in lockstep waits for all but those who are killed or have nothing to send, whatever presence says', async () => {
    const lockstep = createLockstep(['a', 'b', 'c', 'd'], new Map([['b', 5]]))
    const { presence } = stageOf(fixedPatience(1), { a: { live: false }, b: {}, c: { round: 0 }, d: {} })
    const hearing = createHeadsHeard({ presence, patience: fixedPatience(Number.POSITIVE_INFINITY), lockstep })
    const all = hearing.whenAll(['a', 'b', 'c', 'd'], 5, never)
    hearing.heard('a', 5)
    hearing.heard('c', 5)
    expect(await isDone(all)).toBe(false)
    lockstep.withhold('d', 5)
    await all
  })

  it('ends with its signal', async () => {
    const { hearing } = stageOf(fixedPatience(60_000), { a: {}, b: {} })
    const end = new AbortController()
    const all = hearing.whenAll(peers, 5, end.signal)
    end.abort(new Error('over'))
    await expect(all).rejects.toThrow('over')
  })
})
