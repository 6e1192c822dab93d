import type { Samples } from './dataset.js'

/*
 * Count, sum and sum of squares of columns, exactly: whole numbers, in which every finite float32 and its square has a
 * place. So sums are the same in whatever order they are added up and wherever, and the parts of a sum can be masked
 * (gossip/agreement/masked-sum.ts) without a rounding that would tell them.
 */

/** Of one column: what is missing (NaN) does not count. */
export interface Moments {
  readonly count: bigint
  /** In units of 2^−149, the smallest number of float32. */
  readonly sum: bigint
  /** In units of 2^−298. */
  readonly squares: bigint
}

/** The power of two that is one unit of {@link Moments.sum}. */
const unitExponent = -149

export const noMoments: Moments = { count: 0n, sum: 0n, squares: 0n }

/** Of each channel of images, in pixels of 0 to 255; of each feature of a table. */
export function momentsOf({ inputs }: Pick<Samples, 'inputs'>, channels: number): Moments[] {
  return inputs instanceof Uint8Array ? ofPixels(inputs, channels) : ofNumbers(inputs, channels)
}

/** By a histogram: one addition a pixel. */
function ofPixels(pixels: Uint8Array, channels: number): Moments[] {
  const counts = new Float64Array(channels * 256)
  for (let at = 0; at < pixels.length; ) {
    for (let channel = 0; channel < channels; channel++) counts[channel * 256 + pixels[at++]!]!++
  }
  return Array.from({ length: channels }, (_, channel) => {
    let [count, sum, squares] = [0, 0, 0]
    for (let value = 0; value < 256; value++) {
      const times = counts[channel * 256 + value]!
      count += times
      sum += times * value
      squares += times * value ** 2
    }
    return {
      count: BigInt(count),
      sum: BigInt(sum) << BigInt(-unitExponent),
      squares: BigInt(squares) << BigInt(-2 * unitExponent),
    }
  })
}

/**
 * A float32 is a whole number below 2^24 times one of 254 powers of two. For each power the whole numbers are added up
 * as float64, and so are their squares in two halves of 24 bits: exact for 2^29 values, which is all that a part of a
 * data set can hold (`DataLimits.inflatedBytes`).
 */
export function ofNumbers(values: Float32Array, columns: number): Moments[] {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const sums = new Float64Array(256)
  const high = new Float64Array(256)
  const low = new Float64Array(256)
  return Array.from({ length: columns }, (_, column) => {
    let counted = 0
    for (let at = column; at < bits.length; at += columns) {
      const word = bits[at]!
      const exponent = (word >>> 23) & 0xff
      // NaN; no reader lets an infinity in.
      if (exponent === 0xff) continue
      counted++
      const whole = exponent === 0 ? word & 0x7fffff : (word & 0x7fffff) | 0x800000
      const square = whole * whole
      const top = Math.floor(square / 2 ** 24)
      sums[exponent]! += word >>> 31 === 0 ? whole : -whole
      high[exponent]! += top
      low[exponent]! += square - top * 2 ** 24
    }
    let sum = 0n
    let squares = 0n
    for (let exponent = 0; exponent < 255; exponent++) {
      if (high[exponent] === 0 && low[exponent] === 0) continue
      // Numbers below 2^−126 have the power of the smallest others.
      const power = BigInt(Math.max(1, exponent) - 1)
      sum += BigInt(sums[exponent]!) << power
      squares += ((BigInt(high[exponent]!) << 24n) + BigInt(low[exponent]!)) << (2n * power)
    }
    sums.fill(0)
    high.fill(0)
    low.fill(0)
    return { count: BigInt(counted), sum, squares }
  })
}

/** Column by column. All must have the same columns. */
export function addMoments(all: readonly (readonly Moments[])[]): Moments[] {
  const [first = [], ...others] = all
  return first.map((moments, column) =>
    others.reduce((total, other) => {
      const { count, sum, squares } = other[column]!
      return { count: total.count + count, sum: total.sum + sum, squares: total.squares + squares }
    }, moments),
  )
}

/** Can these be the moments of any values at all? (Σx)² ≤ n·Σx², and nothing of nothing. */
export function isPossible({ count, sum, squares }: Moments): boolean {
  if (count < 0n || squares < 0n) return false
  return count === 0n ? sum === 0n && squares === 0n : sum * sum <= count * squares
}

/** Mean and deviation; undefined without any value, or for what no values can have. */
export function spreadOf(moments: Moments): { readonly mean: number; readonly deviation: number } | undefined {
  const { count, sum, squares } = moments
  if (count === 0n || !isPossible(moments)) return undefined
  const variance = quotient(count * squares - sum * sum, count * count, 2 * unitExponent)
  return { mean: quotient(sum, count, unitExponent), deviation: Math.sqrt(variance) }
}

/** numerator / denominator · 2^exponent, from 64 bits or more of the quotient. */
function quotient(numerator: bigint, denominator: bigint, exponent: number): number {
  const shift = 64 + bitLength(denominator) - bitLength(numerator)
  const whole = shift >= 0 ? (numerator << BigInt(shift)) / denominator : numerator / (denominator << BigInt(-shift))
  return Number(whole) * 2 ** (exponent - shift)
}

function bitLength(value: bigint): number {
  return 4 * (value < 0n ? -value : value).toString(16).length
}

/**
 * How many bytes each number takes, in the order count, sum, squares. A sum is below 2^128 · 2^149 times the count, a
 * sum of squares below 2^256 · 2^298 times it: with a sign 34 and 77 bits are left for the count, and 2^33 rows of all
 * peers together cannot run over.
 */
export const momentsWidths = [8, 39, 79] as const

/** Little-endian, two's complement: sums modulo 2^(8·width). */
export function encodeMoments(all: readonly Moments[]): Uint8Array {
  const perColumn = momentsWidths.reduce((sum, width) => sum + width, 0)
  const bytes = new Uint8Array(all.length * perColumn)
  let at = 0
  for (const { count, sum, squares } of all) {
    for (const [i, value] of [count, sum, squares].entries()) {
      const width = momentsWidths[i]!
      const hex = BigInt.asUintN(8 * width, value)
        .toString(16)
        .padStart(2 * width, '0')
      bytes.set(Buffer.from(hex, 'hex').reverse(), at)
      at += width
    }
  }
  return bytes
}

/** @throws RangeError when the bytes are not those of so many columns */
export function decodeMoments(bytes: Uint8Array, columns: number): Moments[] {
  let at = 0
  const next = (width: number): bigint => {
    const hex = Buffer.from(bytes.subarray(at, at + width))
      .reverse()
      .toString('hex')
    at += width
    return BigInt.asIntN(8 * width, BigInt(`0x${hex}`))
  }
  const [counts, sums, squares] = momentsWidths
  if (bytes.length !== columns * (counts + sums + squares)) throw new RangeError(`${bytes.length} bytes of moments`)
  return Array.from({ length: columns }, () => ({ count: next(counts), sum: next(sums), squares: next(squares) }))
}
