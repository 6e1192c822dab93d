import { expect, it } from 'vitest'
import type { SignedRecord } from '../../../src/gossip/index.js'
import { hearingOf, inTurns } from '../../../src/node/roads/records-heard.js'

it('every peer that knows something else is asked in its turn, four at once', () => {
  const peers = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
  expect(inTurns([], 7)).toEqual([])
  expect(inTurns(['a', 'b'], 7)).toHaveLength(2)
  for (const turn of [0, 1, 5, 40]) expect(new Set(inTurns(peers, turn)).size).toBe(4)
  const asked = [0, 1, 2].flatMap(turn => inTurns(peers, turn))
  expect(new Set(asked).size).toBe(peers.length)
})

it('who contradicts itself, or sees its data otherwise, is refused; who is there is late, and the rest is gone', () => {
  const members = ['own', 'heard', 'void', 'unlike', 'late', 'gone'].map(id => ({ peerId: id, name: id }))
  const heard = hearingOf({ members, self: 0 } as never, 3, {
    records: {
      of: (_, peer) => (peer === 'heard' ? ({} as SignedRecord) : undefined),
      isVoid: (_, peer) => peer === 'void',
    },
    isUnlike: peer => peer === 'unlike',
    isThere: peer => peer !== 'gone',
  })
  expect(heard.received).toEqual([1])
  expect(heard.absent.map(({ reason }) => reason)).toEqual(['refused', 'refused', 'late', 'gone'])
})
