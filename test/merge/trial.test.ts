import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leftOut, type Newcomer, roundsOnTrial, sharedRow, trialShares } from '../../src/merge/index.js'

const newcomers = fc.uniqueArray(
  fc.record({
    peer: fc.nat({ max: 40 }),
    useful: fc.nat({ max: roundsOnTrial + 2 }),
    kin: fc.subarray(['10.1.2.0/24', '2001:db8:1::/48', 'inviter']),
  }),
  { selector: ({ peer }) => peer, maxLength: 40 },
)

const rowOf = (peers: readonly number[]) => {
  const weight = 1 / (1 + peers.length)
  return { self: weight, from: peers.map(peer => ({ peer, weight })) }
}

describe('the share of its due weight that a newcomer has', () => {
  it('grows by a tenth with every round of use, from a tenth to all', () => {
    const shares = Array.from({ length: 12 }, (_, useful) => trialShares([{ peer: 1, useful, kin: [] }]).get(1) ?? 1)
    expect(shares).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1, 1])
  })

  it('is, of thirty of one kin, that of one neighbour for all together', () => {
    const many: Newcomer[] = Array.from({ length: 30 }, (_, peer) => ({ peer, useful: peer % 9, kin: ['10.1.2.0/24'] }))
    const shares = trialShares(many)
    expect([...shares.values()].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
    // In proportion to their use.
    expect(shares.get(8)! / shares.get(0)!).toBeCloseTo(9, 9)
  })

  it('is above 0, no more than its own use gives, and of each kin 1 at most', () => {
    fc.assert(
      fc.property(newcomers, all => {
        const shares = trialShares(all)
        for (const { peer, useful } of all) {
          const most = (1 + useful) / roundsOnTrial
          expect(shares.has(peer)).toBe(most < 1)
          if (most < 1) expect(shares.get(peer)).toSatisfy((share: number) => share > 0 && share <= most)
        }
        for (const one of new Set(all.flatMap(({ kin }) => kin))) {
          const ofKin = all.filter(({ kin }) => kin.includes(one)).map(({ peer }) => shares.get(peer) ?? 0)
          expect(ofKin.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(1 + 1e-9)
        }
      }),
    )
  })

  it('leaves weights that are 1 together, and no more than each was due', () => {
    fc.assert(
      fc.property(newcomers, fc.uniqueArray(fc.nat({ max: 40 }), { minLength: 1 }), (all, peers) => {
        const row = rowOf(peers)
        const shared = sharedRow(row, trialShares(all))
        const sum = shared.from.reduce((sum, { weight }) => sum + weight, shared.self)
        expect(sum).toBeCloseTo(1, 9)
        for (const [at, { peer, weight }] of shared.from.entries()) {
          expect(peer).toBe(row.from[at]!.peer)
          expect(weight).toBeLessThanOrEqual(row.from[at]!.weight)
        }
      }),
    )
    const row = rowOf([1, 2])
    expect(sharedRow(row, new Map())).toEqual(row)
  })
})

describe('a merge that counts vectors', () => {
  it('has of one kin one at the most, in every round', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat({ max: 100_000 }), (count, round) => {
        const many = Array.from({ length: count }, (_, peer) => ({ peer, useful: peer % 9, kin: ['inviter'] }))
        const left = leftOut(trialShares(many), round)
        expect(count - left.size).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('has each in its share of the rounds', () => {
    const shares = trialShares([0, 3, 6, 8].map(useful => ({ peer: useful, useful, kin: [] })))
    const heard = new Map([...shares.keys()].map(peer => [peer, 0]))
    const rounds = 2_000
    for (let round = 0; round < rounds; round++) {
      const left = leftOut(shares, round)
      for (const peer of shares.keys()) if (!left.has(peer)) heard.set(peer, heard.get(peer)! + 1)
    }
    for (const [peer, share] of shares) expect(heard.get(peer)! / rounds).toBeCloseTo(share, 2)
  })
})
