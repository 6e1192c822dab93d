import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LogRecord } from '../../../src/gossip/generated/log.js'
import { decodeEntry, decodePart } from '../../../src/gossip/log/part.js'
import { logProtocol } from '../../../src/gossip/log/protocol.js'
import { decodeRecord, encodeRecord, isLie, recordBytes } from '../../../src/gossip/log/record.js'

const format = { rounds: 10, scalars: 3 }
const model = Uint8Array.from({ length: 32 }, (_, i) => i)
const good = { round: 4, scalars: Uint8Array.of(0, 127, 255), model, word: 0 }
const altered = (fields: Partial<Parameters<typeof LogRecord.encode>[0]>): Uint8Array =>
  LogRecord.encode({ ...LogRecord.decode(encodeRecord(good)), ...fields })

describe('a record of the log', () => {
  it('comes back as it was', () => {
    const invite = Uint8Array.of(1, 2)
    const sumDigest = new Uint8Array(32).fill(7)
    expect(decodeRecord(encodeRecord({ ...good, invite, sumDigest }), format)).toEqual({ ...good, invite, sumDigest })
    expect(decodeRecord(encodeRecord(good), format)).toMatchObject({ ...good, sumDigest: undefined })
    const last = { ...good, round: 10, scalars: new Uint8Array(), word: 3 }
    expect(decodeRecord(encodeRecord(last), format)).toMatchObject(last)
  })

  it('of 30 scalars takes as many bytes, and 70 of the rest', () => {
    const long = { ...good, scalars: new Uint8Array(30).fill(1) }
    expect(encodeRecord(long).length).toBeLessThanOrEqual(30 + 70)
    expect(recordBytes({ rounds: 10, scalars: 30 })).toBe(encodeRecord(long).length)
  })

  it.each([
    ['WRONG_SIZE', altered({ scalars: new Uint8Array(4) })],
    ['WRONG_SIZE', altered({ scalars: new Uint8Array(0) })],
    ['WRONG_SIZE', altered({ round: 10 })],
    ['FUTURE_ROUND', altered({ round: 11 })],
    ['MALFORMED', altered({ scalars: Uint8Array.of(1, 128, 1) })],
    ['MALFORMED', altered({ word: 1 })],
    ['MALFORMED', altered({ model: new Uint8Array(31) })],
    ['MALFORMED', altered({ sumDigest: new Uint8Array(31) })],
    ['MALFORMED', altered({ invite: new Uint8Array(logProtocol.limits.inviteBytes + 1) })],
    ['MALFORMED', Uint8Array.of(255, 255, 255)],
    ['OVERSIZE', new Uint8Array(logProtocol.limits.messageBytes + 1)],
  ] as const)('is refused as %s, a lie of who passes it on', (reason, bytes) => {
    expect(decodeRecord(bytes, format)).toBe(reason)
    expect(isLie(reason)).toBe(true)
  })

  it('of the round behind the last has no scalars: its author’s last word', () => {
    const last = { round: 10, scalars: new Uint8Array(), model }
    expect(decodeRecord(encodeRecord(last), format)).toMatchObject(last)
  })

  it('with a longer invitation than others take is not made', () => {
    expect(() => encodeRecord({ ...good, invite: new Uint8Array(logProtocol.limits.inviteBytes + 1) })).toThrow(
      RangeError,
    )
  })

  it('and a part of the log throw nothing, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        decodeRecord(bytes, format)
        decodePart(bytes)
        decodeEntry(bytes)
      }),
    )
    expect(decodePart(new Uint8Array(logProtocol.limits.partBytes + 1)).entries).toEqual([])
  })
})
