import { bitsOf, type Codec, halvesOf, numberByNumber } from './codec.js'

const infinity = 0x7f800000
/** 65520 as float32: from here on, rounding to nearest would give infinity. */
const roundsToInfinity = 0x477ff000
/** 65504. */
const largest = 0x7bff
/** 2^-14 as float32, the smallest normal half. */
const smallestNormal = 0x38800000
/** The difference between the two exponents' biases, 127 - 15, where a float32 keeps its exponent. */
const rebias = 112 << 23
/** Added and subtracted, rounds a double below 2^51 to a whole number, ties to even. */
const roundingShift = 1.5 * 2 ** 52

/**
 * IEEE 754 half precision, rounded to nearest, ties to even. Half the bytes for a relative error of at most 2^-11
 * between 2^-14 and 65504; below that the error is at most 2^-25, and what is larger becomes 65504.
 */
export const f16: Codec = {
  name: 'f16',
  ...numberByNumber('F16'),
  encode(_layout, values, into) {
    const bits = bitsOf(values)
    const halves = halvesOf(into)
    const round = (from: number, to: number): void => {
      for (let i = from; i < to; i++) halves[i] = rounded(bits[i]!, values[i]!)
    }
    return { passes: [round], length: () => into.length }
  },
  decode(_layout, from, values) {
    const halves = halvesOf(from)
    meanings ??= meaningOfEveryHalf()
    const table = meanings
    return (start, end) => {
      for (let i = start; i < end; i++) values[i] = table[halves[i]!]!
    }
  },
}

function rounded(bits: number, value: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude < smallestNormal) {
    // Scaled by a power of two it is exact, and then rounded once.
    const whole = Math.abs(value) * 2 ** 24 + roundingShift - roundingShift
    return sign | whole
  }
  // A carry out of the fraction goes into the exponent, as it must.
  if (magnitude < roundsToInfinity) return sign | ((magnitude - rebias + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
  if (magnitude < infinity) return sign | largest
  return magnitude === infinity ? sign | 0x7c00 : sign | 0x7e00
}

/** 256 KB, made when the first head arrives. */
let meanings: Float32Array | undefined

function meaningOfEveryHalf(): Float32Array {
  return Float32Array.from({ length: 2 ** 16 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1
    const exponent = (half >>> 10) & 0x1f
    const fraction = half & 0x3ff
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 2 ** 10) * 2 ** (exponent - 15)
  })
}
