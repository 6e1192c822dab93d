import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { networkOf } from '../../../src/gossip/index.js'
import {
  type Arrival,
  createArrivals,
  isNew,
  keptArrivalsSchema,
  networksOf,
  newcomerMs,
  newcomerRounds,
  remembered,
  seated,
} from '../../../src/node/membership/arrivals.js'

const limit = 8
const round = 20
const muchLater = 2 * newcomerMs
type Candidate = Arrival & { readonly kin: readonly string[] }

const crowd = (name: string, count: number, since: number, kin: readonly string[] = []): Candidate[] =>
  Array.from({ length: count }, (_, at) => ({
    ...{ peer: `${name} ${`${at}`.padStart(3, '0')}`, since, kin },
    ...{ heardMs: 0, isDoubtful: false },
  }))

function seatedOf(there: readonly Candidate[], at = round, nowMs = muchLater, newcomers = limit): readonly string[] {
  const kin = new Map(there.map(one => [one.peer, one.kin]))
  return seated(there, at, newcomers, nowMs, peer => kin.get(peer)!)
}

const seats = (there: readonly Candidate[], name: string): number =>
  seatedOf(there).filter(peer => peer.startsWith(name)).length

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
      seatedOf(there, at, nowMs).filter(peer => peer.startsWith('then')).length
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
      isDoubtful: fc.boolean(),
      kin: fc.subarray(['a', 'b', 'c']),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(arrival, { selector: ({ peer }) => peer, maxLength: 60 }),
        fc.nat({ max: 60 }),
        fc.integer({ min: 2, max: 12 }),
        (there, at, newcomers) => {
          const found = seatedOf(there, at, muchLater, newcomers)
          expect(seatedOf([...there].reverse(), at, muchLater, newcomers)).toEqual(found)
          const isFresh = (one: Arrival): boolean => isNew(one, at, muchLater)
          const old = there.filter(one => !isFresh(one))
          for (const { peer } of old) expect(found).toContain(peer)
          const fresh = there.filter(one => isFresh(one) && found.includes(one.peer))
          expect(fresh.length).toBeLessThanOrEqual(Math.max(newcomers, old.length))
          for (const one of ['a', 'b', 'c']) {
            expect(fresh.filter(({ kin }) => kin.includes(one)).length).toBeLessThanOrEqual(Math.ceil(newcomers / 2))
          }
        },
      ),
    )
  })
})

describe('peers that are a few rounds apart', () => {
  const view = fc.uniqueArray(fc.nat({ max: 60 }), { minLength: 9, maxLength: 40 })

  it('have the others in the same places, and as many newcomers, whichever of the waiting each seats', () => {
    fc.assert(
      fc.property(
        view,
        fc.integer({ min: 1, max: 6 }),
        fc.infiniteStream(fc.nat({ max: 3 })),
        (waiting, old, apart) => {
          const others = crowd('old', old, 0)
          const views = [0, 1].map(() =>
            waiting.map(at => ({ ...crowd(`mallory ${at}`, 1, round - 4 + apart.next().value!)[0]! })),
          )
          const [here, there] = views.map(fresh => seatedOf([...fresh, ...others]))
          expect(here!.slice(0, old)).toEqual(others.map(({ peer }) => peer))
          expect(there!.slice(0, old)).toEqual(here!.slice(0, old))
          expect(there).toHaveLength(here!.length)
        },
      ),
    )
  })

  it('guess alike which of those that lie about their beginning have a seat, and none before who tells the truth', () => {
    const note = (round: number): Candidate[] => {
      const known = createArrivals({ rounds: 100, live: () => [], now: () => 0 })
      // Heard of in any order; the honest one last, who says where it begins.
      for (const { peer } of crowd('liar', 30, 0)) known.note(peer, { from: 0, leaving: false }, round)
      known.note('honest', { from: 21, leaving: false }, round)
      return [
        ...crowd('old', 3, 0),
        ...['honest', ...crowd('liar', 30, 0).map(({ peer }) => peer)].map(peer => ({ ...known.of(peer), kin: [] })),
      ]
    }
    const [here, there] = [note(20), note(21)].map(view => seatedOf(view, 21))
    expect(here).toContain('honest')
    expect(here).toHaveLength(3 + limit)
    expect(there).toEqual(here)
  })

  it('number all by their ids where nobody waits', () => {
    const there = [...crowd('zoe', 1, 0), ...crowd('ada', 2, 19)]
    expect(seatedOf(there)).toEqual(['ada 000', 'ada 001', 'zoe 000'])
  })
})

describe('when a peer came', () => {
  const arrivals = () => createArrivals({ rounds: 100, live: () => ['live newcomer'] })
  const from = (round: number, leaving = false) => ({ from: round, leaving })

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

  it('is remembered by one that comes back: who was new then is as new, who came meanwhile is too, and nobody else', () => {
    let nowMs = 1_000_000
    const init = { rounds: 100, live: () => [], now: () => nowMs }
    const before = createArrivals(init)
    before.note('founder', from(0), undefined)
    before.note('waiting', from(19), 20)
    before.note('liar', from(0), 20)
    nowMs += 0.75 * newcomerMs
    const kept = keptArrivalsSchema.parse(JSON.parse(JSON.stringify(before.kept())))
    // Another process, with another clock.
    nowMs = 5
    const after = createArrivals({ ...init, kept })
    for (const peer of ['founder', 'waiting', 'liar']) {
      after.note(peer, from(41), 20)
      expect(after.of(peer)).toMatchObject({ since: before.of(peer).since, isDoubtful: peer === 'liar' })
    }
    after.note('meanwhile', from(25), 20)
    after.note('claims to be a founder', from(0), 20)
    const newAt = (round: number): string[] =>
      ['founder', 'waiting', 'liar', 'meanwhile', 'claims to be a founder'].filter(peer =>
        isNew(after.of(peer), round, nowMs),
      )
    expect(newAt(40)).toEqual(['waiting', 'liar', 'meanwhile', 'claims to be a founder'])
    nowMs += 0.25 * newcomerMs
    expect(newAt(40)).toEqual(['meanwhile', 'claims to be a founder'])
    nowMs += newcomerMs
    expect(newAt(28)).toEqual(
      ['waiting', 'meanwhile', 'liar', 'claims to be a founder'].filter(peer => after.of(peer).since > 18),
    )
    expect(newAt(40)).toEqual([])
  })

  it.each([
    ['too many', Array.from({ length: remembered + 1 }, (_, at) => ({ peer: `${at}` }))],
    ['no id', [{ peer: '' }]],
    ['a long id', [{ peer: 'x'.repeat(129) }]],
    ['a round before the first', [{ peer: 'a', since: -1 }]],
    ['half a round', [{ peer: 'a', since: 0.5 }]],
    ['longer than a minute to go', [{ peer: 'a', newMs: newcomerMs + 1 }]],
  ])('is not read from a checkpoint with %s', (_, kept) => {
    const whole = (changes: readonly object[]) =>
      changes.map(change => ({ ...{ peer: 'a', since: 0, isDoubtful: false, newMs: newcomerMs }, ...change }))
    expect(keptArrivalsSchema.safeParse(whole(kept)).success).toBe(false)
    expect(keptArrivalsSchema.safeParse(whole(Array.from({ length: remembered }, () => ({})))).success).toBe(true)
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

  it('are those of every public network that a peer names, each once', () => {
    const addresses = ['/ip4/198.51.7.9/tcp/1', '/ip4/198.51.7.10/tcp/1', '/ip4/10.0.0.2/tcp/1'].map(text =>
      multiaddr(text),
    )
    expect(networksOf(addresses)).toEqual(['198.51.7.0/24'])
  })
})
