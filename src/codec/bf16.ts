import { bitsOf, type Codec, halvesOf, numberByNumber } from './codec.js'

const infinity = 0x7f800000
/** From here on, rounding to nearest would give infinity: half way between the largest bfloat16 and 2^128. */
const roundsToInfinity = 0x7f7f8000
const largest = 0x7f7f

/**
 * bfloat16: the upper half of a float32, rounded to nearest, ties to even. Half the bytes for a relative error of at
 * most 2^-8, over the whole range of float32 (below 2^-126 the error is at most 2^-134).
 */
export const bf16: Codec = {
  name: 'bf16',
  ...numberByNumber('BF16'),
  encode(_layout, values, into) {
    const bits = bitsOf(values)
    const halves = halvesOf(into)
    const round = (from: number, to: number): void => {
      for (let i = from; i < to; i++) halves[i] = rounded(bits[i]!)
    }
    return { passes: [round], length: () => into.length }
  },
  decode(_layout, from, values) {
    const bits = bitsOf(values)
    const halves = halvesOf(from)
    return (start, end) => {
      for (let i = start; i < end; i++) bits[i] = halves[i]! << 16
    }
  },
}

function rounded(bits: number): number {
  const magnitude = bits & 0x7fffffff
  if (magnitude < roundsToInfinity) return (((bits + 0x7fff) | 0) + ((bits >>> 16) & 1)) >> 16
  const sign = (bits >>> 16) & 0x8000
  if (magnitude < infinity) return sign | largest
  // Of NaN the upper half may be that of infinity; with this bit it stays NaN.
  return magnitude === infinity ? sign | 0x7f80 : sign | 0x7fc0
}
