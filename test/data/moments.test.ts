import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addMoments,
  decodeMoments,
  encodeMoments,
  isPossible,
  type Moments,
  momentsOf,
  momentsWidths,
  spreadOf,
} from '../../src/data/moments.js'

const finite = fc.float({ noNaN: true, noDefaultInfinity: true })

/** The same by fractions: slow, and nothing to go wrong. */
function slowly(values: readonly number[]): Moments {
  const whole = values.map(value => {
    let power = 0
    let scaled = value
    while (!Number.isInteger(scaled)) {
      scaled *= 2
      power++
    }
    return BigInt(scaled) << BigInt(149 - power)
  })
  return {
    count: BigInt(values.length),
    sum: whole.reduce((sum, value) => sum + value, 0n),
    squares: whole.reduce((sum, value) => sum + value * value, 0n),
  }
}

describe('moments', () => {
  it('are exact for every float32, the smallest and the largest', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 40 }), values => {
        expect(momentsOf({ inputs: Float32Array.from(values) }, 1)).toEqual([slowly(values)])
      }),
    )
    const extremes = [2 ** -149, -(2 ** -149), 3.4028234663852886e38, -3.4028234663852886e38, 2 ** -126, 0, -0]
    expect(momentsOf({ inputs: Float32Array.from(extremes) }, 1)).toEqual([slowly(extremes)])
  })

  it('count columns apart, and no missing values', () => {
    const inputs = Float32Array.of(1, 10, Number.NaN, 20, 3, 30)
    expect(momentsOf({ inputs }, 2)).toEqual([slowly([1, 3]), slowly([10, 20, 30])])
    expect(momentsOf({ inputs: Float32Array.of(Number.NaN) }, 1)).toEqual([slowly([])])
  })

  it('of pixels are those of the same numbers', () => {
    const pixels = Uint8Array.from({ length: 300 }, (_, i) => (i * 37) % 256)
    expect(momentsOf({ inputs: pixels }, 3)).toEqual(momentsOf({ inputs: Float32Array.from(pixels) }, 3))
  })

  it('of parts add up to those of the whole, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.array(finite, { maxLength: 9 }), { minLength: 1, maxLength: 6 }), parts => {
        const of = (values: readonly number[]): Moments[] => momentsOf({ inputs: Float32Array.from(values) }, 1)
        const whole = of(parts.flat())
        expect(addMoments(parts.map(of))).toEqual(whole)
        expect(addMoments(parts.map(of).reverse())).toEqual(whole)
      }),
    )
  })

  it('give mean and deviation without the cancellation of Σx² − (Σx)²/n in floating point', () => {
    const far = momentsOf({ inputs: Float32Array.of(16_777_215, 16_777_214, 16_777_213) }, 1)
    const { mean, deviation } = spreadOf(far[0]!)!
    expect(mean).toBe(16_777_214)
    expect(deviation).toBeCloseTo(Math.sqrt(2 / 3), 14)
    const tiny = momentsOf({ inputs: Float32Array.of(2 ** -149, 3 * 2 ** -149) }, 1)
    expect(spreadOf(tiny[0]!)).toEqual({ mean: 2 ** -148, deviation: 2 ** -149 })
    expect(spreadOf(momentsOf({ inputs: Float32Array.of(0.1, 0.1, 0.1) }, 1)[0]!)!.deviation).toBe(0)
    expect(spreadOf({ count: 0n, sum: 0n, squares: 0n })).toBeUndefined()
  })

  it('that no values have are known as such', () => {
    for (const wrong of [
      { count: -1n, sum: 0n, squares: 0n },
      { count: 0n, sum: 1n, squares: 1n },
      { count: 1n, sum: 0n, squares: -1n },
      { count: 2n, sum: 10n, squares: 49n },
    ]) {
      expect(isPossible(wrong), JSON.stringify(Object.values(wrong).map(String))).toBe(false)
      expect(spreadOf(wrong)).toBeUndefined()
    }
    expect(isPossible({ count: 2n, sum: 10n, squares: 50n })).toBe(true)
  })

  it('come back from their bytes, negative sums and the largest there can be', () => {
    const largest = 2n ** 33n
    const top = (2n ** 24n - 1n) << 253n
    const most = { count: largest, sum: -largest * top, squares: largest * top * top }
    const all = [most, slowly([-1.5, 2]), slowly([])]
    const bytes = encodeMoments(all)
    expect(bytes).toHaveLength(3 * momentsWidths.reduce((sum, width) => sum + width, 0))
    expect(decodeMoments(bytes, 3)).toEqual(all)
    expect(() => decodeMoments(bytes.subarray(1), 3)).toThrow(RangeError)
  })
})
