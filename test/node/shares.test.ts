import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../src/errors.js'
import type { HeardReport, Presence } from '../../src/gossip/index.js'
import { createShares, readView, type SharesInit } from '../../src/node/shares.js'

/** What was heard, without a network: peers by id, each with its share. */
function presenceOf(shares: Readonly<Record<string, number | undefined>>, hasHead = false): Presence {
  const head = hasHead ? { round: 3, digest: new Uint8Array(32) } : undefined
  const heard = new Map(
    Object.entries(shares).map(([peer, share]): [string, HeardReport] => [
      peer,
      { name: `name of ${peer}`, round: 4, samples: 1, from: 0, addresses: [], leaving: false, share, head },
    ]),
  )
  return { heard: () => heard, live: () => [...heard.keys()] } as unknown as Presence
}

const sharesOf = (init: Partial<SharesInit> = {}): ((asker: string) => ReturnType<typeof readView>) => {
  const answer = createShares({
    presence: presenceOf({}),
    name: 'basel',
    own: 0,
    shares: 4,
    hasBegun: () => false,
    ...init,
  })
  return asker => readView(answer(asker))
}

describe('shares of the partition', () => {
  it('are given to newcomers one each, and the same one to who asks again', () => {
    const ask = sharesOf()
    expect(['a', 'b', 'a', 'c', 'd', 'a'].map(asker => ask(asker).share)).toEqual([1, 2, 1, 3, undefined, 1])
  })

  it('are not those of peers that are there; who has one keeps it when it asks', () => {
    const ask = sharesOf({ own: undefined, presence: presenceOf({ a: 0, b: 2, own: undefined }) })
    expect(ask('c').share).toBe(1)
    expect(ask('d').share).toBe(3)
    expect(ask('e').share).toBeUndefined()
    expect(ask('b').share).toBe(2)
  })

  it('are promised to so many newcomers only', () => {
    const ask = sharesOf({ shares: 1000 })
    for (let asker = 0; asker < 300; asker++) ask(`asker ${asker}`)
    // The first ones' promises are forgotten: they are there by now, or gone.
    expect(ask('another').share).toBeLessThan(100)
  })

  it('come with who is there and whether the run has begun', () => {
    expect(sharesOf({ presence: presenceOf({ a: 1 }) })('b')).toEqual({
      peers: [
        { name: 'basel', round: 0, share: 0 },
        { name: 'name of a', round: 4, share: 1 },
      ],
      share: 2,
      hasBegun: false,
    })
    expect(sharesOf({ hasBegun: () => true })('b').hasBegun).toBe(true)
    expect(sharesOf({ presence: presenceOf({ a: 1 }, true) })('b').hasBegun).toBe(true)
  })
})

describe('a view', () => {
  const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

  it.each<[string, unknown]>([
    ['no object', 'view'],
    ['a field too many', { peers: [], hasBegun: false, more: 1 }],
    ['a name beyond the limit', { peers: [{ name: 'x'.repeat(65), round: 0 }], hasBegun: false }],
    ['a negative share', { peers: [], share: -1, hasBegun: false }],
    ['half a share', { peers: [], share: 0.5, hasBegun: false }],
    ['a round that is none', { peers: [{ name: 'x', round: -1 }], hasBegun: false }],
    ['too many peers', { peers: Array(100_001).fill({ name: 'x', round: 0 }), hasBegun: false }],
  ])('with %s is refused', (_, value) => {
    expect(() => readView(bytesOf(value))).toThrow(HearsayError)
  })

  it('of any bytes is read or refused in one line', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map(text => new TextEncoder().encode(text)),
        ),
        bytes => {
          try {
            readView(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(HearsayError)
            expect((error as Error).message).not.toContain('\n')
          }
        },
      ),
    )
  })

  it('names nobody in a way that moves a cursor', () => {
    const name = 'ba\u001b[2Jsel\n'
    expect(readView(bytesOf({ peers: [{ name, round: 0 }], hasBegun: false })).peers[0]!.name).toBe('ba[2Jsel')
  })
})
