import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EncodingError, int8 } from '../../src/codec/index.js'
import { layoutOf } from '../../src/tensors/index.js'
import { codecContract } from './contract.js'
import { decoded, encoded, layout, roundTrip, vectors } from './vectors.js'

const scaleBytes = 4 * layout.tensors.length
/** The scale of each tensor. */
const scalesIn = (bytes: Uint8Array): Float32Array => new Float32Array(bytes.slice(0, scaleBytes).buffer)

// Half a scale, which is a 127th of the largest magnitude; a tensor without one of 1.5e-36 travels as zeros.
codecContract(int8, (_, largest) => (largest < 128 * 2 ** -126 ? largest : (largest / 254) * (1 + 2 ** -16)))

describe('int8', () => {
  it('errs by at most half a scale, and the scale is a 127th of the largest magnitude', () => {
    fc.assert(
      fc.property(vectors, values => {
        const bytes = encoded(int8, values)
        const arrived = decoded(int8, bytes)
        const scales = scalesIn(bytes)
        layout.tensors.forEach(({ offset, size }, tensor) => {
          const own = values.subarray(offset, offset + size)
          const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
          const scale = scales[tensor]!
          expect(scale).toBeLessThanOrEqual((largest / 127) * (1 + 2 ** -24))
          if (scale === 0) expect(largest).toBeLessThan(128 * 2 ** -126)
          else expect(scale).toBeGreaterThan((largest / 127) * (1 - 2 ** -16))
          own.forEach((value, i) => {
            const error = Math.abs(arrived[offset + i]! - value)
            expect(error).toBeLessThanOrEqual(scale === 0 ? largest : (scale / 2) * (1 + 2 ** -40))
          })
        })
      }),
    )
  })

  it('keeps zeros zero', () => {
    const values = Float32Array.from({ length: layout.size }, (_, i) => (i % 2 === 0 ? 0 : Math.sin(i)))
    const arrived = roundTrip(int8, values)
    for (let i = 0; i < layout.size; i += 2) expect(Math.abs(arrived[i]!)).toBe(0)
  })

  it('uses its range evenly to both sides, and the same for a vector and its negative', () => {
    const whole = (of: Float32Array): Int8Array => new Int8Array(encoded(int8, of).slice(scaleBytes).buffer)
    fc.assert(
      fc.property(vectors, values => {
        const up = whole(values)
        expect(up.every(number => number >= -127)).toBe(true)
        // Of -0 as a whole number there is one only.
        expect(whole(values.map(value => -value))).toEqual(up.map(number => -number))
      }),
    )
  })

  it.each([
    ['NaN', Number.NaN, 'NOT_FINITE'],
    ['infinite', Infinity, 'NOT_FINITE'],
    ['negative', -0.25, 'MALFORMED'],
  ] as const)('with a scale that is %s is refused', (_, scale, reason) => {
    for (const tensor of [0, 2, 3]) {
      const bytes = Buffer.from(encoded(int8, new Float32Array(layout.size).fill(0.5)))
      bytes.writeFloatLE(scale, 4 * tensor)
      for (const piece of [1, 4, 1000]) {
        expect(() => decoded(int8, bytes, layout, piece)).toThrow(new EncodingError(reason))
      }
    }
  })

  it('with a scale so large that the numbers are infinite decodes to what is not finite', () => {
    const bytes = Buffer.from(encoded(int8, new Float32Array(layout.size).fill(0.5)))
    bytes.writeFloatLE(3e38, 0)
    expect(decoded(int8, bytes).every(Number.isFinite)).toBe(false)
  })

  it('with -128, which nobody writes, is refused', () => {
    const bytes = Buffer.from(encoded(int8, new Float32Array(layout.size).fill(0.5)))
    bytes.writeInt8(-128, bytes.length - 1)
    expect(() => decoded(int8, bytes)).toThrow(new EncodingError('MALFORMED'))
  })

  it('decodes a layout of scalars, whose scales take more than its numbers', () => {
    const scalars = layoutOf(['a/a', 'a/b', 'a/c'].map(name => ({ name, shape: [] })))
    const values = Float32Array.of(127, -127, 0)
    expect(decoded(int8, encoded(int8, values, scalars), scalars)).toEqual(values)
  })
})
