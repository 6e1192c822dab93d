import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { headFormat } from '../../../src/gossip/head/format.js'
import { Rejection } from '../../../src/gossip/rejection.js'
import { layoutOf } from '../../../src/tensors/index.js'
import { decode, encode, heads, layout } from './heads.js'

/** Where a payload's scales and numbers begin. */
function places(): { scales: number; numbers: number } {
  const { header, payloadBytes } = headFormat(layout, 'int8')
  return { scales: header.length, numbers: payloadBytes - layout.size }
}

describe('int8', () => {
  /** The scale of each tensor in a payload. */
  function scalesIn(payload: Uint8Array): Float32Array {
    const { scales, numbers } = places()
    return new Float32Array(payload.slice(scales, numbers).buffer)
  }

  it('errs by at most half a scale, which is a 127th of the largest magnitude', async () => {
    await fc.assert(
      fc.asyncProperty(heads, async values => {
        const payload = await encode('int8', values)
        const arrived = await decode('int8', payload)
        const scales = scalesIn(payload)
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

  it('uses its range evenly to both sides, and the same for a head and its negative', async () => {
    await fc.assert(
      fc.asyncProperty(heads, async values => {
        const { numbers } = places()
        const whole = async (of: Float32Array): Promise<Int8Array> =>
          new Int8Array((await encode('int8', of)).slice(numbers).buffer)
        const up = await whole(values)
        expect(up.every(number => number >= -127)).toBe(true)
        // Of -0 as a whole number there is one only.
        expect(await whole(values.map(value => -value))).toEqual(up.map(number => -number))
      }),
    )
  })

  it.each([
    ['NaN', Number.NaN, 'NOT_FINITE'],
    ['infinite', Infinity, 'NOT_FINITE'],
    ['negative', -0.25, 'MALFORMED'],
    ['so large that the numbers are infinite', 3e38, 'NOT_FINITE'],
  ])('with a scale that is %s is refused', async (_, scale, reason) => {
    const { scales } = places()
    for (const tensor of [0, 2, 3]) {
      const payload = Buffer.from(await encode('int8', new Float32Array(layout.size).fill(0.5)))
      payload.writeFloatLE(scale, scales + 4 * tensor)
      for (const length of [1, 4, 1000]) {
        await expect(decode('int8', payload, length)).rejects.toEqual(new Rejection(reason as never))
      }
    }
  })

  it('with -128, which nobody writes, is refused', async () => {
    const payload = Buffer.from(await encode('int8', new Float32Array(layout.size).fill(0.5)))
    payload.writeInt8(-128, payload.length - 1)
    await expect(decode('int8', payload)).rejects.toEqual(new Rejection('MALFORMED'))
  })

  it('cannot take a head with a tensor that has the name of a scale', () => {
    const twice = layoutOf([
      { name: 'a/b', shape: [1] },
      { name: 'a/b.scale', shape: [1] },
    ])
    expect(() => headFormat(twice, 'int8')).toThrow(RangeError)
    expect(headFormat(twice, 'bf16').layout).toBe(twice)
  })
})
