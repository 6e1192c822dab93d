import { EncodingError } from './codec.js'

/*
 * One number as one byte: its sign in the top bit, below it a power of e in steps of an eighth. No tensor travels so,
 * which is why it is no `encoding` of the manifest: it is for single numbers of unknown size, each of which stands for a
 * step along a direction that the receiver makes itself.
 */

/** Steps of the power for each factor of e. */
const perFold = 8
/** The largest power, in steps: e^(63/8) = 2630.6; the smallest magnitude is its reciprocal, 3.8e-4. */
const largestPower = 63
const sign = 0x80
/** What 0 is. Its negative, {@link sign} alone, is no number. */
const zero = 0

/**
 * e^(k/8) as float32, for k of −63 to 63. By products of one constant: `Math.exp` may differ in its last bit from one
 * engine to another, and all peers must read the same number.
 */
const magnitudes = (() => {
  const eighth = 1.1331484530668263
  const table = new Float32Array(2 * largestPower + 1)
  let power = 1
  for (let k = 0; k <= largestPower; k++) {
    table[largestPower + k] = power
    table[largestPower - k] = 1 / power
    power *= eighth
  }
  return table
})()

/** The largest number that a byte can be. */
export const largestScalar: number = magnitudes[2 * largestPower]!

/**
 * The byte that is nearest by ratio: off by a factor of e^(1/16) at most, 6.5 %, from 3.8e-4 to 2.6e3. A smaller number
 * becomes the smallest, a larger one the largest; only 0 and NaN become 0.
 */
export function byteOfScalar(value: number): number {
  const magnitude = Math.abs(value)
  if (!(magnitude > 0)) return zero
  const power = Math.round(perFold * Math.log(magnitude))
  const place = Math.max(-largestPower, Math.min(largestPower, power)) + largestPower + 1
  return value < 0 ? sign | place : place
}

/** @throws {@link EncodingError} `MALFORMED` for minus zero, which no encoder writes */
export function scalarOfByte(byte: number): number {
  if (byte === zero) return 0
  const place = byte & ~sign
  if (place === 0) throw new EncodingError('MALFORMED')
  const magnitude = magnitudes[place - 1]!
  return (byte & sign) === 0 ? magnitude : -magnitude
}

/** One byte a number. */
export function bytesOfScalars(values: ArrayLike<number>): Uint8Array {
  return Uint8Array.from(values, byteOfScalar)
}

/** @throws {@link EncodingError} `MALFORMED`, see {@link scalarOfByte} */
export function scalarsOfBytes(bytes: Uint8Array): Float32Array {
  return Float32Array.from(bytes, scalarOfByte)
}
