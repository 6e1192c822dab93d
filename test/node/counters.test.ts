import { expect, it } from 'vitest'
import { Traffic } from '../../src/gossip/traffic/traffic.js'
import { countersOf } from '../../src/node/counters.js'

it('what a peer refused is one count a reason, over all its protocols; whom it did not let in stands apart', () => {
  const road = { sentBytes: 100, receivedBytes: 50, rejected: { TOO_OFTEN: 1, OTHER_SUMS: 2 } }
  const refused = { TOO_FAR: 1 }
  const presence = { counters: { sentBytes: 10, accepted: 7, rejected: { TOO_OFTEN: 3, FORGED: 1 } } }
  const agreement = { rejected: { CONFLICT: 4, TOO_OFTEN: 5, FORGED: 2 } }
  const access = { rejected: { FORGED: 6 } }
  const traffic = new Traffic()
  traffic.add('sent', 'heads', 100)
  expect(countersOf(road, refused, { traffic, presence, state: { sentBytes: 1 }, agreement, access } as never)).toEqual(
    {
      sentBytes: 111,
      receivedBytes: 50,
      traffic: traffic.bytes(),
      rejected: { TOO_OFTEN: 9, OTHER_SUMS: 2, TOO_FAR: 1, FORGED: 3, CONFLICT: 4, ACCESS_FORGED: 6 },
    },
  )
  // A simulation's peers have no more than this.
  const alone = { traffic, presence, state: undefined, agreement: undefined, access: undefined }
  expect(countersOf(road, refused, alone)).toEqual({
    sentBytes: 110,
    receivedBytes: 50,
    traffic: traffic.bytes(),
    rejected: { TOO_OFTEN: 4, OTHER_SUMS: 2, TOO_FAR: 1, FORGED: 1 },
  })
})
