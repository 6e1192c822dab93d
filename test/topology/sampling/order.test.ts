import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstToAnswer, orderOf } from '../../../src/topology/index.js'

describe('P23 the order of a round', () => {
  it.each([
    [0, 'eacdb'],
    [1, 'dabce'],
    [2, 'dceba'],
    [3, 'acbde'],
  ])('of %i is that of ALGORITHMS-2.md 8', (round, order) => {
    expect(orderOf([...'abcde'], round).join('')).toBe(order)
  })

  it('is equal for equal peers, however they are listed', () => {
    const peers = fc
      .uniqueArray(fc.string(), { maxLength: 20 })
      .chain(all => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
    fc.assert(
      fc.property(peers, fc.nat(), ([all, others], round) => {
        expect(orderOf(all, round)).toEqual(orderOf(others, round))
      }),
    )
  })

  it('puts every peer first equally often', () => {
    const peers = [...'abcdefgh']
    const first = new Map<string, number>()
    for (let round = 0; round < 4000; round++) {
      const [one] = orderOf(peers, round)
      first.set(one!, (first.get(one!) ?? 0) + 1)
    }
    // 500 each; five standard deviations are 105.
    for (const peer of peers) expect(Math.abs(first.get(peer)! - 500)).toBeLessThan(105)
  })
})

describe('the first that answer', () => {
  it('are the same however fast, and no more are asked than are wanted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.boolean(), fc.nat(3)), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        async (peers, wanted) => {
          const order = peers.map((_, at) => `p${at}`)
          let asked = 0
          const found = await firstToAnswer(order, wanted, async peer => {
            asked += 1
            const [answers, turns] = peers[Number(peer.slice(1))]!
            for (let turn = 0; turn < turns; turn++) await Promise.resolve()
            return answers
          })
          const live = order.filter((_, at) => peers[at]![0])
          expect(found).toEqual(live.slice(0, wanted))
          const last = live.length < wanted ? order.length : order.indexOf(found.at(-1)!) + 1
          expect(asked).toBe(last)
        },
      ),
    )
  })
})
