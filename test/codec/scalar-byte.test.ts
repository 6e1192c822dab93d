import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  byteOfScalar,
  bytesOfScalars,
  EncodingError,
  largestScalar,
  scalarOfByte,
  scalarsOfBytes,
} from '../../src/codec/index.js'

const valid = Array.from({ length: 256 }, (_, byte) => byte).filter(byte => byte !== 128)

describe('a number as one byte', () => {
  it('P55 every one of the 255 bytes comes back as itself, and minus zero is refused', () => {
    expect(valid).toHaveLength(255)
    for (const byte of valid) expect(byteOfScalar(scalarOfByte(byte))).toBe(byte)
    expect(new Set(valid.map(scalarOfByte)).size).toBe(255)
    expect(() => scalarOfByte(128)).toThrow(new EncodingError('MALFORMED'))
    expect(() => scalarsOfBytes(Uint8Array.of(1, 128))).toThrow(EncodingError)
  })

  it('P55 meets any number in range within 6.5 %, of the same sign', () => {
    const magnitude = fc.double({ min: Math.log(3.8e-4), max: Math.log(2630), noNaN: true }).map(Math.exp)
    fc.assert(
      fc.property(magnitude, fc.boolean(), (size, isNegative) => {
        const value = isNegative ? -size : size
        expect(Math.abs(scalarOfByte(byteOfScalar(value)) / value - 1)).toBeLessThan(0.065)
      }),
    )
  })

  it('has the examples of the text', () => {
    expect([0.37, -12.5, 1, 0].map(byteOfScalar)).toEqual([56, 212, 64, 0])
    expect(scalarOfByte(56)).toBe(Math.fround(0.36787944))
    expect(scalarOfByte(212)).toBeCloseTo(-12.18249, 5)
  })

  it('bounds what is larger, and takes what is no number for none', () => {
    expect(scalarOfByte(byteOfScalar(1e30))).toBe(largestScalar)
    expect(scalarOfByte(byteOfScalar(Number.NEGATIVE_INFINITY))).toBe(-largestScalar)
    expect(scalarOfByte(byteOfScalar(1e-30))).toBe(1 / scalarOfByte(127) < 4e-4 ? scalarOfByte(1) : 0)
    expect(byteOfScalar(Number.NaN)).toBe(0)
    expect([...bytesOfScalars([1, -1, 0])]).toEqual([64, 192, 0])
  })

  it('has a table that the exponential function agrees with', () => {
    for (let power = -63; power <= 63; power++) {
      expect(Math.abs(scalarOfByte(power + 64) / Math.exp(power / 8) - 1)).toBeLessThan(2 ** -24)
    }
  })
})
