import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anchorOfMost } from '../../../src/node/roads/anchor-votes.js'

const digest = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const said = (...bytes: number[]): Map<number, Uint8Array> => new Map(bytes.map((byte, peer) => [peer, digest(byte)]))
/** Of peers that have all been heard. */
const ofAll = (own: Uint8Array, others: ReadonlyMap<number, Uint8Array>) => anchorOfMost(own, others, 1 + others.size)

describe('the anchor of most', () => {
  it('is the one that at least half of the peers there have, this one among them', () => {
    expect(ofAll(digest(1), said(1, 1))).toEqual({ digest: digest(1), peers: [0, 1] })
    expect(ofAll(digest(3), said(2, 5, 2))).toEqual({ digest: digest(2), peers: [0, 2] })
    expect(ofAll(digest(3), said(2, 5, 2, 4))).toBeUndefined()
    expect(ofAll(digest(7), new Map())).toEqual({ digest: digest(7), peers: [] })
  })

  it('of two halves is that of the lower digest, at both', () => {
    expect(ofAll(digest(9), said(4))).toEqual({ digest: digest(4), peers: [0] })
    expect(ofAll(digest(4), said(9))).toEqual({ digest: digest(4), peers: [] })
  })

  it('is none where those heard are too few of those there', () => {
    expect(anchorOfMost(digest(3), said(2, 2), 4)).toEqual({ digest: digest(2), peers: [0, 1] })
    expect(anchorOfMost(digest(3), said(2, 2), 5)).toBeUndefined()
    expect(anchorOfMost(digest(3), said(2), 4)).toBeUndefined()
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
          expect(ofAll(digest(1), all)?.digest).toEqual(digest(1))
        },
      ),
    )
  })
})
