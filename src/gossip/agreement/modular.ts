/**
 * Adds numbers, or takes them off, in place: little-endian, each modulo 2 to the 8 times its width.
 *
 * @param widths - in bytes, of the numbers in turn; after the last, from the first again
 */
export function addModular(into: Uint8Array, other: Uint8Array, widths: readonly number[], sign: 1 | -1): void {
  let left = 0
  let number = 0
  let carry = 0
  for (let at = 0; at < into.length; at++) {
    if (left === 0) {
      left = widths[number++ % widths.length]!
      carry = 0
    }
    const sum = into[at]! + sign * other[at]! + carry
    into[at] = sum
    // −1 is what was borrowed.
    carry = sum >> 8
    left--
  }
}
