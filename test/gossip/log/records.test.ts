import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Records, type SignedRecord } from '../../../src/gossip/log/records.js'

const rounds = 8
const keys = await Promise.all([1, 2, 3].map(() => generateKeyPair('Ed25519')))
const authors: PeerId[] = keys.map(key => peerIdFromPrivateKey(key))
const limits = { rounds, authors: 3, perAuthor: 8 }

function record(author: PeerId, round: number, bytes: readonly number[] = [1], sequence = 1n): SignedRecord {
  const scalars = Uint8Array.from(bytes)
  const signed = { author, sequence, data: scalars, signature: new Uint8Array(64) }
  return { author: author.toString(), round, scalars, model: new Uint8Array(32), signed }
}

const contents = (records: Records): unknown[] =>
  records.all().map(({ author, round, scalars }) => [round, author, ...scalars])

const drawn = fc.record({
  author: fc.constantFrom(...authors),
  round: fc.nat(rounds - 1),
  bytes: fc.array(fc.nat(255), { minLength: 2, maxLength: 2 }),
})

describe('the records of a run', () => {
  it('P54 are one set, in whatever order and however often they come', () => {
    const shuffled = fc
      .array(drawn, { maxLength: 30 })
      .chain(all => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })))
    fc.assert(
      fc.property(shuffled, ([all, again]) => {
        const [one, other] = [new Records(limits), new Records(limits)]
        for (const { author, round, bytes } of all) one.add(record(author, round, bytes))
        for (const { author, round, bytes } of again) other.add(record(author, round, bytes))
        expect(contents(other)).toEqual(contents(one))
      }),
    )
  })

  it('go by round, then by the author’s id', () => {
    const records = new Records(limits)
    for (const author of authors) for (const round of [3, 1]) records.add(record(author, round))
    const ids = authors.map(String).sort()
    expect(contents(records)).toEqual([1, 3].flatMap(round => ids.map(id => [round, id, 1])))
  })

  it('of two of one author and round count the one with the smaller bytes, at every peer', () => {
    const [one, other] = [new Records(limits), new Records(limits)]
    const pair = [record(authors[0]!, 2, [5, 9]), record(authors[0]!, 2, [5, 8])] as const
    expect([one.add(pair[0]), one.add(pair[1])]).toEqual([undefined, undefined])
    expect([other.add(pair[1]), other.add(pair[0])]).toEqual([undefined, 'DUPLICATE'])
    expect(contents(one)).toEqual([[2, authors[0]!.toString(), 5, 8]])
    expect(contents(other)).toEqual(contents(one))
  })

  it('of last words keep the one that was signed later, and change no round by them', () => {
    const records = new Records(limits)
    expect(records.add(record(authors[0]!, rounds, [], 2n))).toBeUndefined()
    expect(records.add(record(authors[0]!, rounds, [], 1n))).toBe('DUPLICATE')
    expect(records.add(record(authors[0]!, rounds, [], 3n))).toBeUndefined()
    expect(records.of(rounds).get(authors[0]!.toString())!.signed.sequence).toBe(3n)
    expect(records.hasChanged).toBe(false)
  })

  it('say from which round on they are others, once', () => {
    const records = new Records(limits)
    expect(records.takeChanged()).toBe(Number.POSITIVE_INFINITY)
    records.add(record(authors[0]!, 5))
    records.add(record(authors[1]!, 3))
    records.add(record(authors[1]!, 3))
    expect(records.takeChanged()).toBe(3)
    expect(records.takeChanged()).toBe(Number.POSITIVE_INFINITY)
  })

  it('forget what lies before the snapshot, and take none of it any more', () => {
    const records = new Records(limits)
    for (const round of [0, 1, 2]) records.add(record(authors[0]!, round))
    records.beginWith(2)
    expect(records.all().map(({ round }) => round)).toEqual([2])
    expect(records.add(record(authors[1]!, 1))).toBe('STALE_ROUND')
  })

  it('are of so many authors, and so many of each; those that are forgotten make room', () => {
    const records = new Records({ rounds: 100, authors: 2, perAuthor: 3 })
    for (const round of [0, 1, 2]) expect(records.add(record(authors[0]!, round))).toBeUndefined()
    expect(records.add(record(authors[0]!, 3))).toBe('TOO_MANY_RECORDS')
    expect(records.add(record(authors[1]!, 0))).toBeUndefined()
    expect(records.add(record(authors[2]!, 5))).toBe('TOO_MANY_PEERS')
    records.beginWith(1)
    expect(records.add(record(authors[0]!, 3))).toBeUndefined()
    expect(records.add(record(authors[2]!, 5))).toBeUndefined()
  })

  it('are of members alone, once these are known', () => {
    const records = new Records(limits)
    for (const author of authors) records.add(record(author, 4))
    records.takeChanged()
    records.keepOnly(new Set([authors[0]!.toString()]))
    expect(contents(records)).toEqual([[4, authors[0]!.toString(), 1]])
    expect(records.takeChanged()).toBe(4)
    expect(records.add(record(authors[1]!, 4))).toBe('NOT_A_MEMBER')
  })
})
