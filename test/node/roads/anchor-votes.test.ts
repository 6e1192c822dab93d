import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anchorOfMost } from '../../../src/node/roads/anchor-votes.js'

const digest = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const said = (...bytes: number[]): Map<number, Uint8Array> => new Map(bytes.map((byte, peer) => [peer, digest(byte)]))

describe('the anchor of most', () => {
  it('is the one that at least half of those heard have, this peer among them', () => {
    expect(anchorOfMost(digest(1), said(1, 1))).toEqual({ digest: digest(1), peers: [0, 1] })
    expect(anchorOfMost(digest(3), said(2, 5, 2))).toEqual({ digest: digest(2), peers: [0, 2] })
    expect(anchorOfMost(digest(3), said(2, 5, 2, 4))).toBeUndefined()
    expect(anchorOfMost(digest(7), new Map())).toEqual({ digest: digest(7), peers: [] })
  })

  it('of two halves is that of the lower digest, at both', () => {
    expect(anchorOfMost(digest(9), said(4))).toEqual({ digest: digest(4), peers: [0] })
    expect(anchorOfMost(digest(4), said(9))).toEqual({ digest: digest(4), peers: [] })
  })

  it('is never that of liars who are fewer than the others, whatever they say', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 })),
        (m, lies) => {
          const few = lies.slice(0, m - 1)
          const honest = Array.from({ length: m - 1 }, () => digest(1))
          const all = new Map([...few, ...honest].map((one, peer) => [peer, one]))
          expect(anchorOfMost(digest(1), all)?.digest).toEqual(digest(1))
        },
      ),
    )
  })
})
