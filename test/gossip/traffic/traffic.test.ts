import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addedTraffic, purposes, Traffic } from '../../../src/gossip/traffic/traffic.js'

const what = fc.constantFrom(...purposes, 'wire' as const)
const counted = fc
  .array(fc.record({ direction: fc.constantFrom('sent' as const, 'received' as const), what, bytes: fc.nat(2 ** 31) }))
  .map(all => {
    const traffic = new Traffic()
    for (const { direction, what, bytes } of all) traffic.add(direction, what, bytes)
    return traffic.bytes()
  })

it('what is on the wire is the sum of what it is for, of one host and of several', () => {
  fc.assert(
    fc.property(counted, counted, (a, b) => {
      for (const traffic of [a, b, addedTraffic(a, b)]) {
        for (const { wire, ...parts } of [traffic.sent, traffic.received]) {
          expect(Object.values(parts).reduce((sum, bytes) => sum + bytes)).toBe(wire)
          expect(Math.min(...Object.values(parts))).toBeGreaterThanOrEqual(0)
        }
      }
      expect(addedTraffic(a, b).sent.heads).toBe(a.sent.heads + b.sent.heads)
    }),
  )
})
