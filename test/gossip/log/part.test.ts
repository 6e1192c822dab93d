import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodePart, encodePart } from '../../../src/gossip/log/part.js'
import { logProtocol } from '../../../src/gossip/log/protocol.js'
import type { SignedRecord } from '../../../src/gossip/log/records.js'

const { partBytes, signedBytes } = logProtocol.limits
const longest = signedBytes + 64

/** Statements of one record or two, each with its number in front. */
const statements = fc
  .array(fc.array(fc.integer({ min: 4, max: longest }), { minLength: 1, maxLength: 2 }), { maxLength: 200 })
  .map(all =>
    all.map((lengths, number) =>
      lengths.map(length => {
        const entry = new Uint8Array(length)
        new DataView(entry.buffer).setUint32(0, number)
        return { entry } as SignedRecord
      }),
    ),
  )

it('parts of a log are all of it, none is too long, and none ends within a statement', () => {
  fc.assert(
    fc.property(statements, all => {
      let from = 0
      for (let more = all.length > 0; more; ) {
        const part = encodePart(all.slice(from))!
        expect(part.length).toBeLessThanOrEqual(partBytes)
        const decoded = decodePart(part)
        const count = all
          .slice(from)
          .findIndex((_, at) => all.slice(from, from + at).flat().length === decoded.entries.length)
        const taken = count === -1 ? all.slice(from) : all.slice(from, from + count)
        expect(decoded.entries).toEqual(taken.flat().map(({ entry }) => entry))
        expect(taken.length).toBeGreaterThan(0)
        from += taken.length
        more = decoded.more
      }
      expect(from).toBe(all.length)
      expect(encodePart(all.slice(from))).toBeUndefined()
    }),
    { numRuns: 20 },
  )
})
