/*
 * Philox 4×32 with 10 rounds (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011): random words as a
 * function of a key and a counter. Any part of a stream is made by itself, with integers alone, so that its bits are the
 * same on every machine.
 */

const rounds = 10
const [multiplier0, multiplier1] = [0xd2511f53, 0xcd9e8d57]
/** The key grows by these from round to round: the golden ratio, and √3 − 1. */
const [weyl0, weyl1] = [0x9e3779b9, 0xbb67ae85]

/** The upper 32 bits of a product of 64, by halves: a double holds no such product exactly. */
function upper(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16]
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const other = aLow * bHigh + (middle & 0xffff)
  return aHigh * bHigh + (middle >>> 16) + (other >>> 16)
}

/** Two words that a stream is chosen by. */
export type PhiloxKey = readonly [number, number]

/**
 * Writes the four words of a counter.
 *
 * @param c0 - the counter's words, from 0 to 2³² − 1 each
 */
export function philox(into: Uint32Array, [k0, k1]: PhiloxKey, c0: number, c1: number, c2: number, c3: number): void {
  let [a, b, c, d, key0, key1] = [c0, c1, c2, c3, k0, k1]
  for (let round = 0; round < rounds; round++) {
    const next = (upper(multiplier1, c) ^ b ^ key0) >>> 0
    const second = Math.imul(multiplier1, c)
    const third = (upper(multiplier0, a) ^ d ^ key1) >>> 0
    d = Math.imul(multiplier0, a)
    a = next
    b = second
    c = third
    key0 = (key0 + weyl0) >>> 0
    key1 = (key1 + weyl1) >>> 0
  }
  into[0] = a
  into[1] = b
  into[2] = c
  into[3] = d
}
