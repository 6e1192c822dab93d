import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { f16 } from '../../src/codec/index.js'
import { layoutOf } from '../../src/tensors/index.js'
import { codecContract } from './contract.js'
import { decoded, encoded, once, roundTrip, vectors } from './vectors.js'

const largest = 65504

codecContract(f16, value => {
  const magnitude = Math.abs(value)
  return magnitude > largest ? magnitude - largest : Math.max(magnitude * 2 ** -11, 2 ** -25)
})

describe('f16', () => {
  it('makes what is too large the largest half', () => {
    fc.assert(
      fc.property(vectors, values => {
        const arrived = roundTrip(f16, values)
        values.forEach((value, i) => {
          if (Math.abs(value) > largest) expect(arrived[i]).toBe(Math.sign(value) * largest)
        })
      }),
    )
  })

  it('rounds to nearest, ties to even, and never to infinity', () => {
    expect(once(f16, 1 + 2 ** -11)).toBe(1)
    expect(once(f16, 1 + 3 * 2 ** -11)).toBe(1 + 2 ** -9)
    expect(once(f16, 1 + 2 ** -11 + 2 ** -22)).toBe(1 + 2 ** -10)
    expect(once(f16, 65519.996)).toBe(largest)
    expect(once(f16, 65520)).toBe(largest)
    expect(once(f16, -1e30)).toBe(-largest)
    // subnormal: whole multiples of 2^-24, and the step up to the smallest normal
    expect(once(f16, 2.5 * 2 ** -24)).toBe(2 ** -23)
    expect(once(f16, 2 ** -25 + 2 ** -48)).toBe(2 ** -24)
    expect(once(f16, 2 ** -25)).toBe(0)
    expect(once(f16, 2 ** -14 - 2 ** -30)).toBe(2 ** -14)
    expect(once(f16, -(2 ** -40))).toBe(-0)
    expect(once(f16, 0)).toBe(0)
  })

  it('reads each of its 63,488 finite numbers as what it is, and writes it back', () => {
    const halves = Uint16Array.from({ length: 2 ** 16 }, (_, half) => half).filter(half => (half & 0x7c00) !== 0x7c00)
    const all = layoutOf([{ name: 'a/b', shape: [halves.length] }])
    const bytes = new Uint8Array(halves.buffer)
    const arrived = decoded(f16, bytes, all, 5000)
    expect(arrived[1]).toBe(2 ** -24)
    expect(arrived[0x3c00]).toBe(1)
    expect(arrived[0x7bff]).toBe(largest)
    // In the order of their bits, each once: with the three above and the round trip none can be another.
    for (let half = 1; half < 0x7c00; half++) expect(arrived[half]!).toBeGreaterThan(arrived[half - 1]!)
    expect(Buffer.compare(encoded(f16, arrived, all), bytes)).toBe(0)
  })
})
