import { expect, it } from 'vitest'
import type { HeardReport, Presence } from '../../src/gossip/index.js'
import { keysPublished } from '../../src/node/pair-keys.js'

const report = (round: number, from: number, key: number): HeardReport =>
  ({ round, from, maskKey: new Uint8Array(32).fill(key) }) as Partial<HeardReport> as HeardReport

it('a key counts where its peer is live, takes part in the round, and is not far behind', () => {
  const heard = new Map([
    ['here', report(9, 0, 1)],
    ['two behind', report(8, 0, 2)],
    ['far behind', report(7, 0, 3)],
    ['late, and now here', report(0, 10, 4)],
    ['not yet here', report(0, 11, 5)],
    ['dead', report(9, 0, 6)],
    ['without a key', { ...report(9, 0, 7), maskKey: undefined }],
  ])
  const presence = { live: () => [...heard.keys()].filter(peer => peer !== 'dead'), heard: () => heard }
  const keyOf = keysPublished(presence as Pick<Presence, 'live' | 'heard'>, 10)
  const known = [...heard.keys(), 'stranger'].filter(peer => keyOf(peer) !== undefined)
  expect(known).toEqual(['here', 'two behind', 'late, and now here'])
  expect(keyOf('two behind')![0]).toBe(2)
})
