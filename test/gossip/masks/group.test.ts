import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type MaskGroupInit, maskGroup } from '../../../src/gossip/masks/group.js'

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const base: MaskGroupInit = {
  runId: key(1),
  receiver: 'rome',
  round: 3,
  step: 0,
  senders: new Map([
    ['carl', key(4)],
    ['anna', key(2)],
    ['bert', key(3)],
  ]),
  weights: new Map(['anna', 'bert', 'carl', 'dora'].map(name => [name, 0.25])),
  least: 3,
}
const digestOf = (change: Partial<MaskGroupInit> = {}): string =>
  Buffer.from(maskGroup({ ...base, ...change })!.digest).toString('hex')

describe('a group of masks', () => {
  it('has its senders in order, and the same digest in whichever order they are known', () => {
    expect([...maskGroup(base)!.senders.keys()]).toEqual(['anna', 'bert', 'carl'])
    expect(digestOf({ senders: new Map([...base.senders].reverse()) })).toBe(digestOf())
  })

  it('has another digest where anything of it differs', () => {
    const more = new Map([...base.senders, ['dora', key(5)]])
    const another = new Map([...base.senders, ['anna', key(9)]])
    const changes: Partial<MaskGroupInit>[] = [
      { runId: key(2) },
      { receiver: 'bern' },
      { round: 4 },
      { step: 1 },
      { senders: more },
      { senders: another },
      { weights: new Map([...base.weights, ['bert', 0.25 + 2 ** -54]]) },
    ]
    const digests = [digestOf(), ...changes.map(digestOf)]
    expect(new Set(digests).size).toBe(digests.length)
  })

  it('is none of fewer senders than a sum must be of', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 2, max: 4 }), (count, least) => {
        const senders = new Map(Array.from({ length: count }, (_, at) => [`peer-${at}`, key(at)]))
        const weights = new Map([...senders.keys()].map(name => [name, 0.1]))
        expect(maskGroup({ ...base, senders, weights, least }) === undefined).toBe(count < least)
      }),
    )
  })

  it('has two senders of one key, whose masks are of other pairs: a copied key shuts nobody out', () => {
    const senders = new Map([...base.senders, ['dora', key(2)]])
    expect(maskGroup({ ...base, senders })!.senders.size).toBe(4)
  })
})
