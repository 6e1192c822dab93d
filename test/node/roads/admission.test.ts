import { describe, expect, it } from 'vitest'
import { type Federation, fixedFederation } from '../../../src/node/membership/federation.js'
import type { Member } from '../../../src/node/membership/member.js'
import { createAdmission } from '../../../src/node/roads/admission.js'
import type { Beginning } from '../../../src/node/roads/road.js'
import { createScheduled, type ExchangeSpec, exchangeSchema, topologySchema } from '../../../src/topology/index.js'

/** What peer 0 of some makes of a head, in a round. */
function admitting(
  exchange: ExchangeSpec,
  { peers = 4, topology = 'ring', round = 0, rounds = 40, asked = [] as number[] } = {},
) {
  const members = Array.from({ length: peers }, (_, peer) => ({ name: `${peer}`, peerId: `id ${peer}` })) as never
  const spec = { topology: topologySchema.parse(topology), exchange, rounds, seed: 1 }
  const fixed = fixedFederation(members as readonly Member[], 0, createScheduled(spec, peers))
  const federation: Federation = {
    at(of) {
      asked.push(of)
      return fixed.at(of)
    },
  }
  const begun = { federation, open: undefined } as Beginning
  return createAdmission({ manifest: { exchange, rounds, mode: 'sync' }, steps: 1 }, () => ({ begun, round }))
}

const every = (fields: object): ExchangeSpec => exchangeSchema.parse({ when: 'every', ...fields })

describe('what is admitted', () => {
  it('is of rounds with an exchange, from those that are neighbours in them', () => {
    const admit = admitting(every({ rounds: 3 }))
    expect([0, 1, 2].map(round => admit('id 1', round, 0))).toEqual(['NOT_A_NEIGHBOUR', 'NOT_A_NEIGHBOUR', undefined])
    expect(admit('id 2', 2, 0)).toBe('NOT_A_NEIGHBOUR')
    expect(admit('id 9', 2, 0)).toBe('NOT_A_NEIGHBOUR')
  })

  it('is at most four exchanges ahead, however many rounds that is', () => {
    const admit = admitting(every({ rounds: 3 }))
    expect([11, 14].map(round => admit('id 1', round, 0))).toEqual([undefined, undefined])
    expect(admit('id 1', 17, 0)).toBe('FUTURE_ROUND')
    expect(admit('id 1', 40, 0)).toBe('FUTURE_ROUND')
  })

  it('is refused far ahead without the graph of that round, which would cost one that is held its place', () => {
    const asked: number[] = []
    const admit = admitting(every({}), { asked, round: 2 })
    for (const sender of ['id 1', 'id 9']) expect(admit(sender, 30, 0)).toBe('FUTURE_ROUND')
    expect(asked).toEqual([2])
    expect(admit('id 1', 6, 0)).toBeUndefined()
    expect(asked).toEqual([2, 6])
  })

  it('is further ahead where partners are drawn rarely, and 32 times at most', () => {
    const isAhead = (partners: number): number => {
      const admit = admitting(every({ partners, pairs: true }), { rounds: 200 })
      return Array.from({ length: 200 }, (_, round) => round).findIndex(
        round => admit('id 1', round, 0) === 'FUTURE_ROUND',
      )
    }
    expect(isAhead(1)).toBe(5)
    expect(isAhead(0.5)).toBe(9)
    expect(isAhead(0.2)).toBe(21)
    expect(isAhead(0.01)).toBe(129)
  })

  it('is of no step behind the last, unless the last round ends with a final merge', () => {
    const plain = admitting(every({}), { round: 39 })
    expect([plain('id 1', 39, 0), plain('id 1', 39, 1)]).toEqual([undefined, 'FUTURE_ROUND'])
    const once = admitting(exchangeSchema.parse('once'), { round: 30 })
    // All hear all, in one step, and only in the last round.
    expect(['id 1', 'id 2', 'id 3'].map(id => once(id, 39, 1))).toEqual([undefined, undefined, undefined])
    expect([once('id 1', 39, 0), once('id 1', 39, 2), once('id 1', 38, 1)]).toEqual([
      'NOT_A_NEIGHBOUR',
      'FUTURE_ROUND',
      'FUTURE_ROUND',
    ])
  })

  it('is of the one that doubles with this peer, where they are many', () => {
    const once = admitting(exchangeSchema.parse('once'), { peers: 20, round: 39 })
    // 16 stay: 16 hands in to 0, then 1, 2, 4 and 8 double with it.
    expect([16, 1, 2, 4, 8].map((peer, at) => once(`id ${peer}`, 39, 1 + at))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    expect(once('id 3', 39, 2)).toBe('NOT_A_NEIGHBOUR')
  })
})
