import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { networkOf } from '../../../src/gossip/index.js'
import {
  type Arrival,
  createArrivals,
  isNew,
  kinOf,
  newcomerMs,
  newcomerRounds,
  remembered,
  seated,
} from '../../../src/node/membership/arrivals.js'

const limit = 8
const round = 20
const muchLater = 2 * newcomerMs
const crowd = (name: string, count: number, since: number, kin: readonly string[] = []): Arrival[] =>
  Array.from({ length: count }, (_, at) => ({
    ...{ peer: `${name} ${`${at}`.padStart(3, '0')}`, since, kin },
    heardMs: 0,
  }))

const seats = (there: readonly Arrival[], name: string): number =>
  [...seated(there, round, limit, muchLater)].filter(peer => peer.startsWith(name)).length

describe('thirty identities that come at once', () => {
  it('get eight seats beside few, and as many as were there before beside many', () => {
    for (const [old, most] of [
      [1, 8],
      [3, 8],
      [8, 8],
      [20, 20],
    ] as const) {
      const there = [...crowd('old', old, 0), ...crowd('mallory', 30, 19)]
      expect([seats(there, 'old'), seats(there, 'mallory')]).toEqual([old, most])
    }
  })

  it('get four of one network or inviter, and leave the others to who comes from elsewhere', () => {
    const there = [
      ...crowd('old', 3, 0),
      ...crowd('mallory', 30, 18, ['198.51.100.0/24']),
      ...crowd('guest', 30, 18, ['12D3KooWMallory']),
      ...crowd('zoe', 2, 19),
    ]
    const without = there.filter(({ peer }) => !peer.startsWith('guest'))
    expect([seats(without, 'mallory'), seats(without, 'zoe')]).toEqual([4, 2])
    expect([seats(there, 'mallory'), seats(there, 'guest')]).toEqual([4, 4])
  })

  it('wait until those before them are new no more', () => {
    const there = [...crowd('old', 3, 0), ...crowd('first', 8, 12), ...crowd('then', 8, 19)]
    expect(seats(there, 'then')).toBe(0)
    const thenOf = (at: number, nowMs: number): number =>
      [...seated(there, at, limit, nowMs)].filter(peer => peer.startsWith('then')).length
    expect(thenOf(12 + newcomerRounds, newcomerMs)).toBe(8)
    // Rounds may be short.
    expect(thenOf(12 + newcomerRounds, newcomerMs - 1)).toBe(0)
  })
})

describe('seats', () => {
  it('are the same for all that know of the same peers, of old ones always, and no more than the bound', () => {
    const arrival = fc.record({
      peer: fc.string({ minLength: 1 }),
      since: fc.nat({ max: 30 }),
      heardMs: fc.nat({ max: 2 * newcomerMs }),
      kin: fc.subarray(['a', 'b', 'c']),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(arrival, { selector: ({ peer }) => peer, maxLength: 60 }),
        fc.nat({ max: 60 }),
        fc.integer({ min: 2, max: 12 }),
        (there, at, newcomers) => {
          const found = seated(there, at, newcomers, muchLater)
          expect([...seated([...there].reverse(), at, newcomers, muchLater)].sort()).toEqual([...found].sort())
          const isFresh = (one: Arrival): boolean => isNew(one, at, muchLater)
          const old = there.filter(one => !isFresh(one))
          for (const { peer } of old) expect(found.has(peer)).toBe(true)
          const fresh = there.filter(one => isFresh(one) && found.has(one.peer))
          expect(fresh.length).toBeLessThanOrEqual(Math.max(newcomers, old.length))
          for (const one of ['a', 'b', 'c']) {
            expect(fresh.filter(({ kin }) => kin.includes(one)).length).toBeLessThanOrEqual(Math.ceil(newcomers / 2))
          }
        },
      ),
    )
  })
})

describe('when a peer came', () => {
  const arrivals = () => createArrivals({ rounds: 100, inviterOf: () => undefined, live: () => ['live newcomer'] })
  const from = (round: number, leaving = false) => ({ from: round, addresses: [], leaving })

  it('is the round that it says, but no earlier than a few before it was first heard', () => {
    const known = arrivals()
    known.note('founder', from(0), undefined)
    known.note('founder', from(40), 40)
    known.note('new', from(39), 40)
    known.note('liar', from(0), 40)
    known.note('early liar', from(0), 1)
    known.note('waiting', from(100), 40)
    known.note('waiting', from(44), 43)
    const since = ['founder', 'new', 'liar', 'early liar', 'waiting'].map(peer => known.of(peer).since)
    expect(since).toEqual([0, 39, 37, 1, 44])
  })

  it('is not forgotten for a crowd that comes and goes, of founders and of those that are there', () => {
    const known = arrivals()
    known.note('founder', from(0), undefined)
    known.note('live newcomer', from(30), 30)
    for (let i = 0; i < remembered + 100; i++) known.note(`crowd ${i}`, from(40), 40)
    for (let i = 0; i < 10; i++) known.note(`leaving ${i}`, from(40, true), 40)
    expect(known.of('founder').since).toBe(0)
    expect(known.of('live newcomer').since).toBe(30)
    expect(known.of('crowd 0').since).toBe(40)
  })

  it('of one that is not remembered is now: it is as new as any', () => {
    expect(isNew(arrivals().of('nobody'), 99, performance.now())).toBe(true)
  })

  it('is forgotten of those that are there when this peer comes back', () => {
    const known = arrivals()
    known.note('ada', from(30), undefined)
    known.settle(['ada'])
    expect(known.of('ada').since).toBe(0)
  })
})

describe('kin', () => {
  it.each([
    ['/ip4/198.51.7.9/tcp/4001', '198.51.7.0/24'],
    ['/ip6/2a00:1450:4001:82a::200e/tcp/4001', '2a00:1450:4001::/48'],
    ['/ip4/192.168.1.20/tcp/4001', undefined],
    ['/ip4/10.0.0.2/tcp/4001', undefined],
    ['/ip4/127.0.0.1/tcp/4001', undefined],
    ['/ip6/::1/tcp/4001', undefined],
    ['/ip6/fd00::2/tcp/4001', undefined],
    ['/dns4/hospital.example/tcp/443/wss', undefined],
    ['/ip4/198.51.7.9/tcp/4001/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5/p2p-circuit', undefined],
  ])('of %s are those of %s', (address, network) => {
    expect(networkOf(multiaddr(address))).toBe(network)
  })

  it('are those of every public network that a peer names, and of who invited it', () => {
    const addresses = ['/ip4/198.51.7.9/tcp/1', '/ip4/198.51.7.10/tcp/1', '/ip4/10.0.0.2/tcp/1'].map(text =>
      multiaddr(text),
    )
    expect(kinOf(addresses, 'inviter')).toEqual(['198.51.7.0/24', 'inviter'])
  })
})
