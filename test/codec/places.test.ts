import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { EncodingError } from '../../src/codec/index.js'
import { lowBits, placeBytes, placeReader, placeWriter } from '../../src/codec/places.js'

const numbers = 1000

/** Any places that ascend, as bytes. */
const written = fc.uniqueArray(fc.nat(numbers - 1), { minLength: 1, maxLength: numbers }).map(drawn => {
  const places = drawn.sort((a, b) => a - b)
  const bytes = new Uint8Array(placeBytes(numbers, places.length))
  const write = placeWriter(bytes, numbers, places.length)
  for (const place of places) write(place)
  return { places, bytes }
})

/** Reads slice by slice, as the pass of a codec. */
function readIn(slice: number, bytes: Uint8Array, kept: number): number[] {
  const next = placeReader(bytes, numbers, kept)
  const places: number[] = []
  let place = Number.POSITIVE_INFINITY
  for (let below = 0; below < numbers; ) {
    below = Math.min(below + slice, numbers)
    if (place === Number.POSITIVE_INFINITY) place = next(below)
    for (; place < below; place = next(below)) places.push(place)
  }
  return places
}

describe('places', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('are the same in whatever slices', () => {
    fc.assert(
      fc.property(written, fc.integer({ min: 1, max: numbers }), ({ places, bytes }, slice) => {
        expect(readIn(slice, bytes, places.length)).toEqual(places)
      }),
    )
  })

  it('of any bytes at all ascend, or are refused', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: numbers }),
        fc.integer({ min: 1, max: 300 }),
        fc.gen(),
        (kept, slice, g) => {
          const length = placeBytes(numbers, kept)
          const bytes = g(fc.uint8Array, { minLength: length, maxLength: length })
          try {
            const places = readIn(slice, bytes, kept)
            expect(places).toHaveLength(kept)
            expect(places).toEqual([...new Set(places)].sort((a, b) => a - b))
          } catch (error) {
            expect(error).toEqual(new EncodingError('MALFORMED'))
          }
        },
      ),
    )
  })

  it.each([2, 10, 300, 500])('are sought no further than asked for: of %i that are not there', kept => {
    const next = placeReader(new Uint8Array(placeBytes(numbers, kept)), numbers, kept)
    for (const below of [1, 500, 999]) expect(next(below)).toBe(Number.POSITIVE_INFINITY)
    expect(() => next(numbers)).toThrow(new EncodingError('MALFORMED'))
  })

  it('have low bits by whole numbers, whatever an engine makes of logarithms', () => {
    vi.spyOn(Math, 'log2').mockImplementation(value => Math.log(value) / Math.LN2 - 1e-15)
    for (let bits = 2; bits < 26; bits++) {
      expect(lowBits(2 ** bits, 1)).toBe(bits)
      expect(lowBits(2 ** bits - 1, 1)).toBe(bits === 2 ? 0 : bits - 1)
      expect(lowBits(3 * 2 ** bits, 3)).toBe(bits)
      expect(lowBits(3 * 2 ** bits - 1, 3)).toBe(bits === 2 ? 0 : bits - 1)
    }
  })
})
