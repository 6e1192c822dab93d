import { expect, it } from 'vitest'
import { totalsOf } from '../../src/simulate/totals.js'

it('adds up what peers count and what was counted before, and no rejection of hosts that close', () => {
  const peers = [3, 4].map(sentBytes => ({ counters: { sentBytes, rejected: { NOT_FINITE: 1 } } }))
  const before = { sentBytes: 10, rejected: { NOT_FINITE: 2, TOO_FAR: 1 } }
  const totals = totalsOf(peers as never, before as never)
  expect(totals.sentBytes()).toBe(17)
  expect(totals.rejected()).toEqual({ NOT_FINITE: 4, TOO_FAR: 1 })
  totals.closing()
  peers[0]!.counters.rejected = { NOT_FINITE: 1, CUT_OFF: 9 } as never
  totals.closing()
  expect(totals.rejected()).toEqual({ NOT_FINITE: 4, TOO_FAR: 1 })
})
