/**
 * Numbers that a sum of masks can be taken off to the last bit: in units of 2⁻²⁴, modulo 2³². Weights of a row sum to 1
 * at most, so that with numbers up to 64 the sum stays below 2³⁰ and never wraps, however many add to it.
 */
export const fixedPoint = { one: 2 ** 24, largest: 64 } as const

/**
 * Writes round(w·z·2²⁴) of the numbers [from, to). To the nearest, not by chance: that halves the error, at most 2⁻²⁵ a
 * summand, needs no random number for each, and what is rounded never becomes what is rounded next.
 *
 * @param weight - w, 0 to 1
 * @returns how many numbers lay beyond `largest`, or were none, and were cut off
 */
export function toFixed(into: Int32Array, values: Float32Array, weight: number, from: number, to: number): number {
  const { one, largest } = fixedPoint
  const scale = weight * one
  let clamped = 0
  for (let at = from; at < to; at++) {
    const value = values[at]!
    if (value >= -largest && value <= largest) {
      into[at] = Math.round(value * scale)
    } else {
      clamped += 1
      into[at] = Number.isNaN(value) ? 0 : Math.round(Math.sign(value) * largest * scale)
    }
  }
  return clamped
}

/** Writes the numbers [from, to) of a sum, each divided by the weight of all summands together: their weighted mean. */
export function fromFixed(into: Float32Array, sum: Int32Array, weight: number, from: number, to: number): void {
  const scale = 1 / (weight * fixedPoint.one)
  for (let at = from; at < to; at++) into[at] = sum[at]! * scale
}
