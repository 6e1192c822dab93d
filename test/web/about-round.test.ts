import { expect, it } from 'vitest'
import { createRecord, type RoundRecord } from '../../src/watch/index.js'
import { aboutRound } from '../../web/parts/about-round.js'

/** A round that three peers have ended, in which this happened to them besides. */
function roundWith(...events: readonly object[]): RoundRecord {
  const record = createRecord()
  const peers = ['a', 'b', 'c']
  record.add({ type: 'begin', round: 0, run: 'ab', members: peers.map(peer => ({ peer, name: peer })) })
  for (const event of events) record.add({ round: 0, ...event })
  for (const peer of peers) record.add({ type: 'ended', round: 0, peer, seconds: 1 })
  return record.record().rounds[0]!
}

const silent = (peer: string) => ({ type: 'silent', peer })
const final = (peer: string, missed: readonly string[] = [], isMerged = true) => ({
  ...{ type: 'final', peer, missed, isMerged },
})

it('a round with the usual exchange needs no words', () => {
  expect(aboutRound(roundWith())).toBeUndefined()
})

it('a round without an exchange is called so, at all peers or at some', () => {
  expect(aboutRound(roundWith(silent('a'), silent('b'), silent('c')))).toBe('No exchange.')
  expect(aboutRound(roundWith(silent('a')))).toBe('No exchange at 1 peer.')
})

it('a final merge is named, and who missed heads in it', () => {
  expect(aboutRound(roundWith(silent('a'), silent('b'), silent('c'), final('a'), final('b'), final('c')))).toBe(
    'No exchange. Final merge at 3 peers.',
  )
  expect(aboutRound(roundWith(final('a'), final('b', ['c']), final('c', ['a', 'b'], false)))).toBe(
    'Final merge at 2 peers, without some at 1. No final merge at 1 peer, as no head came and was believed.',
  )
})
