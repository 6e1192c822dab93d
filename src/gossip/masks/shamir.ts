import { randomBytes } from 'node:crypto'

/*
 * Shamir's shares of a secret ("How to share a secret", CACM 1979), byte by byte in GF(256) with the polynomial of AES,
 * x⁸ + x⁴ + x³ + x + 1. Of a random polynomial whose value at 0 is the secret, a share is its value at another place.
 */

const exponents = new Uint8Array(510)
const logarithms = new Uint8Array(256)
for (let power = 0, value = 1; power < 255; power++) {
  exponents[power] = value
  exponents[power + 255] = value
  logarithms[value] = power
  // Times x + 1, which generates all of them.
  value ^= (value << 1) ^ (value & 0x80 ? 0x11b : 0)
}

function times(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : exponents[logarithms[a]! + logarithms[b]!]!
}

function over(a: number, b: number): number {
  return a === 0 ? 0 : exponents[logarithms[a]! + 255 - logarithms[b]!]!
}

/** Places that shares can have: 1 to 255. */
export const sharesLimit = 255

/**
 * Cuts a secret into shares, any `threshold` of which restore it, and fewer of which tell nothing of it.
 *
 * @param places - of the shares, distinct
 * @param random - as many random bytes. @default the system's
 */
export function splitSecret(
  secret: Uint8Array,
  threshold: number,
  places: readonly number[],
  random: (bytes: number) => Uint8Array = randomBytes,
): Uint8Array[] {
  if (threshold < 1 || threshold > places.length) throw new RangeError(`${threshold} of ${places.length} shares`)
  if (places.some(place => place < 1 || place > sharesLimit)) throw new RangeError('a place is from 1 to 255')
  const coefficients = Array.from({ length: threshold - 1 }, () => random(secret.length))
  return places.map(place =>
    secret.map((byte, at) => {
      // Horner's scheme, from the highest power down.
      const value = coefficients.reduceRight((sum, coefficient) => times(sum, place) ^ coefficient[at]!, 0)
      return times(value, place) ^ byte
    }),
  )
}

/** The secret of which these are shares, by place; of fewer than its threshold, bytes that tell nothing. */
export function restoreSecret(shares: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const [first] = shares.values()
  const secret = new Uint8Array(first?.length ?? 0)
  for (const [place, share] of shares) {
    // Lagrange's polynomial of this place at 0; minus is plus in GF(256).
    let factor = 1
    for (const other of shares.keys()) if (other !== place) factor = times(factor, over(other, other ^ place))
    for (let at = 0; at < secret.length; at++) secret[at]! ^= times(factor, share[at]!)
  }
  return secret
}
