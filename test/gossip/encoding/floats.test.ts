import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EncodingName } from '../../../src/gossip/encoding/index.js'
import { headFormat } from '../../../src/gossip/head/format.js'
import { layoutOf } from '../../../src/tensors/index.js'
import { decode, encode, heads, roundTrip } from './heads.js'

/** One number through an encoding that has no scales. */
async function once(name: EncodingName, value: number): Promise<number> {
  return (await roundTrip(name, Float32Array.of(value), layoutOf([{ name: 'a/b', shape: [1] }])))[0]!
}

describe('f32', () => {
  it('is every bit', async () => {
    await fc.assert(
      fc.asyncProperty(heads, async values => {
        expect(await roundTrip('f32', values)).toEqual(values)
      }),
    )
  })
})

describe('bf16', () => {
  it('errs by at most 2^-8 of a number', async () => {
    await fc.assert(
      fc.asyncProperty(heads, async values => {
        const arrived = await roundTrip('bf16', values)
        values.forEach((value, i) => {
          expect(Math.abs(arrived[i]! - value)).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -8, 2 ** -134))
        })
      }),
    )
  })

  it('rounds to nearest, ties to even, and never to infinity', async () => {
    expect(await once('bf16', 1 + 2 ** -8)).toBe(1)
    expect(await once('bf16', 1 + 3 * 2 ** -8)).toBe(1 + 2 ** -6)
    expect(await once('bf16', 1 + 2 ** -8 + 2 ** -20)).toBe(1 + 2 ** -7)
    expect(await once('bf16', -(1 + 2 ** -8 + 2 ** -20))).toBe(-(1 + 2 ** -7))
    expect(await once('bf16', 3.4028234663852886e38)).toBe(3.3895313892515355e38)
    expect(await once('bf16', -3.4028234663852886e38)).toBe(-3.3895313892515355e38)
    expect(await once('bf16', -0)).toBe(-0)
  })
})

describe('f16', () => {
  it('errs by at most 2^-11 of a number in its normal range, and stays in its range', async () => {
    await fc.assert(
      fc.asyncProperty(heads, async values => {
        const arrived = await roundTrip('f16', values)
        values.forEach((value, i) => {
          const magnitude = Math.abs(value)
          if (magnitude > 65504) expect(arrived[i]).toBe(Math.sign(value) * 65504)
          else expect(Math.abs(arrived[i]! - value)).toBeLessThanOrEqual(Math.max(magnitude * 2 ** -11, 2 ** -25))
        })
      }),
    )
  })

  it('rounds to nearest, ties to even, and never to infinity', async () => {
    expect(await once('f16', 1 + 2 ** -11)).toBe(1)
    expect(await once('f16', 1 + 3 * 2 ** -11)).toBe(1 + 2 ** -9)
    expect(await once('f16', 1 + 2 ** -11 + 2 ** -22)).toBe(1 + 2 ** -10)
    expect(await once('f16', 65519.996)).toBe(65504)
    expect(await once('f16', 65520)).toBe(65504)
    expect(await once('f16', -1e30)).toBe(-65504)
    // subnormal: whole multiples of 2^-24, and the step up to the smallest normal
    expect(await once('f16', 2.5 * 2 ** -24)).toBe(2 ** -23)
    expect(await once('f16', 2 ** -25 + 2 ** -48)).toBe(2 ** -24)
    expect(await once('f16', 2 ** -25)).toBe(0)
    expect(await once('f16', 2 ** -14 - 2 ** -30)).toBe(2 ** -14)
    expect(await once('f16', -(2 ** -40))).toBe(-0)
  })

  it('reads each of its 63,488 finite numbers as what it is, and writes it back', async () => {
    const halves = Uint16Array.from({ length: 2 ** 16 }, (_, half) => half).filter(half => (half & 0x7c00) !== 0x7c00)
    const all = layoutOf([{ name: 'a/b', shape: [halves.length] }])
    const payload = Buffer.concat([headFormat(all, 'f16').header, new Uint8Array(halves.buffer)])
    const arrived = (await decode('f16', payload, 5000, all)).slice()
    expect(arrived[1]).toBe(2 ** -24)
    expect(arrived[0x3c00]).toBe(1)
    expect(arrived[0x7bff]).toBe(65504)
    // In the order of their bits, each once: with the three above and the round trip none can be another.
    for (let half = 1; half < 0x7c00; half++) expect(arrived[half]!).toBeGreaterThan(arrived[half - 1]!)
    expect(Buffer.compare(await encode('f16', arrived, all), payload)).toBe(0)
  })
})
