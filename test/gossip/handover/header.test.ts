import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeadHeader } from '../../../src/gossip/generated/handover.js'
import { decodeHeadHeader, isStill, linkIn } from '../../../src/gossip/handover/header.js'
import { handoverProtocol } from '../../../src/gossip/handover/protocol.js'
import { Rejection } from '../../../src/gossip/rejection.js'

const digest = (byte: number, length = 32): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(byte)
const plain = {
  runId: digest(1),
  round: 2 ** 32 - 1,
  step: 2 ** 32 - 1,
  layoutDigest: digest(2),
  payloadBytes: 2 ** 32 - 1,
}
const linked = { ...plain, follows: digest(3), becomes: digest(4) }

describe('the header of a head', () => {
  it('states with memory which copy the numbers are added to, and fits the first frame', () => {
    const bytes = HeadHeader.encode(linked)
    expect(bytes.length).toBeLessThanOrEqual(handoverProtocol.limits.headerBytes)
    expect(linkIn(decodeHeadHeader(bytes))).toEqual({ follows: digest(3), becomes: digest(4) })
    expect(linkIn(decodeHeadHeader(HeadHeader.encode(plain)))).toBeUndefined()
  })

  it('states that nothing is new, in place of a payload, and fits the first frame', () => {
    const bytes = HeadHeader.encode({ ...plain, payloadBytes: 0, still: true })
    expect(bytes.length).toBeLessThanOrEqual(handoverProtocol.limits.headerBytes)
    expect(isStill(decodeHeadHeader(bytes))).toBe(true)
    expect(isStill(decodeHeadHeader(HeadHeader.encode({ ...plain, still: false })))).toBe(false)
    expect(isStill(decodeHeadHeader(HeadHeader.encode(linked)))).toBe(false)
  })

  it.each([
    ['half a link', { ...plain, follows: digest(3) }],
    ['the other half', { ...plain, becomes: digest(3) }],
    ['a short digest', { ...linked, follows: digest(3, 31) }],
    ['short digests', { ...linked, follows: digest(3, 31), becomes: digest(3, 31) }],
    ['empty digests', { ...linked, follows: digest(3, 0), becomes: digest(3, 0) }],
    ['nothing new and a payload', { ...plain, still: true }],
    ['nothing new that adds to a copy', { ...linked, payloadBytes: 0, still: true }],
  ])('is refused with %s', (_, header) => {
    expect(() => decodeHeadHeader(HeadHeader.encode(header))).toThrow(new Rejection('MALFORMED'))
  })

  it('is a header or refused, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        try {
          const { runId, layoutDigest } = decodeHeadHeader(bytes)
          expect([runId.length, layoutDigest.length]).toEqual([32, 32])
        } catch (error) {
          expect(error).toBeInstanceOf(Rejection)
        }
      }),
    )
  })
})
