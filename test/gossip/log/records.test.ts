import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Records, type SignedRecord } from '../../../src/gossip/log/records.js'

const rounds = 8
const keys = await Promise.all([1, 2, 3].map(() => generateKeyPair('Ed25519')))
const authors: PeerId[] = keys.map(key => peerIdFromPrivateKey(key))
const limits = { rounds, authors: 3, reach: 8 }

function record(author: PeerId, round: number, bytes: readonly number[] = [1], word = 0): SignedRecord {
  const scalars = Uint8Array.from(bytes)
  const signed = { author, sequence: BigInt(9 - word), data: scalars, signature: new Uint8Array(64) }
  return { author: author.toString(), round, scalars, model: new Uint8Array(32), word, signed, entry: scalars }
}

const contents = (records: Records): unknown[] =>
  Array.from({ length: rounds }, (_, round) => records.sorted(round)).flatMap(all =>
    all.map(({ author, round, scalars }) => [round, author, ...scalars]),
  )

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

  it('of two of one author and round count none, at every peer; both prove it, and a third changes nothing', () => {
    const [one, other] = [new Records(limits), new Records(limits)]
    const author = authors[0]!.toString()
    const said = [9, 8, 7].map(byte => record(authors[0]!, 2, [5, byte])) as [SignedRecord, SignedRecord, SignedRecord]
    expect(said.map(it => one.add(it))).toEqual([undefined, undefined, 'DUPLICATE'])
    expect(one.takeChanged()).toBe(2)
    expect([said[2], said[0], said[1]].map(it => other.add(it))).toEqual([undefined, undefined, 'DUPLICATE'])
    for (const records of [one, other]) {
      expect(records.sorted(2)).toEqual([])
      expect(records.of(2, author)).toBeUndefined()
      expect(records.isVoid(2, author)).toBe(true)
      expect(records.all()).toHaveLength(2)
      // What it says of other rounds counts.
      expect(records.add(record(authors[0]!, 3))).toBeUndefined()
      expect(records.of(3, author)).toBeDefined()
    }
    // Who had heard one of them alone learns it from what either passes on.
    const third = new Records(limits)
    third.add(said[0])
    for (const passedOn of other.all()) third.add(passedOn)
    expect(third.isVoid(2, author)).toBe(true)
  })

  it('of an author that contradicts itself without end change twice a round', () => {
    const records = new Records(limits)
    let changes = 0
    for (let byte = 255; byte >= 0; byte--) {
      records.add(record(authors[0]!, 5, [byte]))
      if (records.takeChanged() === 5) changes++
    }
    expect(changes).toBe(2)
  })

  it('P54 are the same though a liar fills the rounds ahead, in any order', () => {
    const reach = 48
    const [one, other] = [1, 2].map(() => new Records({ rounds: 500, authors: 3, reach })) as [Records, Records]
    for (const records of [one, other]) records.beginWith(16)
    for (let round = 0; round < 500; round++) {
      one.add(record(authors[0]!, round))
      other.add(record(authors[0]!, 499 - round))
    }
    const kept = Array.from({ length: reach }, (_, i) => 16 + i)
    for (const records of [one, other]) expect(records.all().map(({ round }) => round)).toEqual(kept)
    expect(one.add(record(authors[1]!, 16 + reach))).toBe('TOO_EARLY')
    // The last word is no round.
    expect(one.add(record(authors[1]!, 500, []))).toBeUndefined()
    one.beginWith(17)
    expect(one.add(record(authors[1]!, 16 + reach))).toBeUndefined()
  })

  it('of last words keep the latest by their author’s count, whatever gossipsub’s, and change no round by them', () => {
    const records = new Records(limits)
    expect(records.add(record(authors[0]!, rounds, [], 2))).toBeUndefined()
    expect(records.add(record(authors[0]!, rounds, [], 1))).toBe('DUPLICATE')
    expect(records.add(record(authors[0]!, rounds, [], 3))).toBeUndefined()
    expect(records.of(rounds, authors[0]!.toString())!.word).toBe(3)
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

  it('are of so many authors; those that are forgotten make room', () => {
    const records = new Records({ rounds: 100, authors: 2, reach: 8 })
    for (const round of [0, 1]) expect(records.add(record(authors[0]!, round))).toBeUndefined()
    expect(records.add(record(authors[1]!, 0))).toBeUndefined()
    expect(records.add(record(authors[2]!, 5))).toBe('TOO_MANY_PEERS')
    records.beginWith(1)
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
