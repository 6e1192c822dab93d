import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataSchema } from '../../../src/data/index.js'
import { HearsayError } from '../../../src/errors.js'
import type { HeardReport, Presence } from '../../../src/gossip/index.js'
import {
  createShares,
  promiseLimits,
  type RunView,
  readView,
  type SharesInit,
  waitForShare,
} from '../../../src/node/membership/shares.js'
import { never } from '../../gossip/hosts.js'

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

const sharesOf = (init: Partial<SharesInit> = {}): ((asker: string, from?: string) => RunView) => {
  const answer = createShares({
    presence: presenceOf({}),
    name: 'basel',
    own: 0,
    shares: 4,
    hasBegun: () => false,
    ...init,
  })
  return (asker, from = '192.0.2.1') => readView(answer(asker, from))
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
    for (let asker = 0; asker < promiseLimits.promises + 50; asker++) ask(`asker ${asker}`)
    // The first ones' promises are forgotten: they are there by now, or gone.
    expect(ask('another').share).toBeLessThan(100)
  })

  it('go back when those who asked for them do not come, though they ask again meanwhile', () => {
    let now = 0
    const ask = sharesOf({ now: () => now })
    for (const asker of ['a', 'b', 'c']) expect(ask(asker).share).toBeDefined()
    expect(ask('honest').share).toBeUndefined()
    now = promiseLimits.promiseMs - 1
    expect(ask('a').share).toBe(1)
    expect(ask('honest').share).toBeUndefined()
    now = promiseLimits.promiseMs
    expect(['honest', 'another'].map(asker => ask(asker).share)).toEqual([1, 2])
  })

  it('are not kept by one address that asks in many names', () => {
    const ask = sharesOf({ shares: 5 })
    for (let asker = 0; asker < 100; asker++) ask(`name ${asker}`, '198.51.100.66')
    // As many for everybody else as for it, and never one twice.
    const honest = [ask('a', '192.0.2.1'), ask('b', '192.0.2.2'), ask('c', '192.0.2.3')].map(({ share }) => share)
    expect(new Set(honest).size).toBe(3)
    expect(honest).not.toContain(undefined)
    expect(ask('d', '192.0.2.4').share).toBeUndefined()
    expect(honest).toEqual(
      [ask('a', '192.0.2.1'), ask('b', '192.0.2.2'), ask('c', '192.0.2.3')].map(({ share }) => share),
    )
  })

  it('are free again when who was promised one has come with another, or with its own data', () => {
    const shares: Record<string, number | undefined> = {}
    const heard = presenceOf(shares)
    const ask = sharesOf({
      shares: 3,
      presence: { ...heard, heard: () => presenceOf(shares).heard(), live: () => Object.keys(shares) },
    })
    expect(['a', 'b', 'c'].map(asker => ask(asker).share)).toEqual([1, 2, undefined])
    shares.a = undefined
    expect(ask('c').share).toBe(1)
  })

  it('are not given out of data that only one machine has', () => {
    expect(sharesOf({ shares: 0 })('a').share).toBeUndefined()
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

describe('a newcomer without a share', () => {
  const manifest = { peers: 4, data: dataSchema.parse({ set: 'digits' }) }
  const viewOf = (shares: readonly number[], share?: number): RunView => ({
    peers: shares.map(own => ({ name: 'bern', round: 0, share: own })),
    hasBegun: true,
    share,
  })

  it('asks again while the free ones are promised, and says so once', async () => {
    const views = [viewOf([0, 1]), viewOf([0, 1]), viewOf([0, 1], 3)]
    const told: string[] = []
    const view = await waitForShare(
      async () => views.shift()!,
      manifest,
      line => told.push(line),
      never,
      1,
    )
    expect(view.share).toBe(3)
    expect(told).toEqual([expect.stringContaining('free shares of digits are promised')])
  })

  it('is told when all are taken, at once', async () => {
    const told: string[] = []
    const wait = waitForShare(
      async () => viewOf([0, 1, 2, 3]),
      manifest,
      line => told.push(line),
      never,
      1,
    )
    await expect(wait).rejects.toThrow('all 4 shares of digits are taken; bring your own data with --data')
    expect(told).toEqual([])
  })

  it('stops when its signal says so', async () => {
    const control = new AbortController()
    const reason = new Error('enough')
    const wait = waitForShare(
      async () => viewOf([0]),
      manifest,
      () => control.abort(reason),
      control.signal,
    )
    await expect(wait).rejects.toThrow()
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
