import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codecOf, EncodingError } from '../../src/codec/index.js'
import { layoutOf } from '../../src/tensors/index.js'
import { chunked, chunksOf, longVectors, vectorOf } from './chunked.js'
import { codecContract } from './contract.js'
import { codecNamed } from './named.js'
import { decoded, encoded, roundTrip } from './vectors.js'

const qsgd = codecNamed('qsgd')
const withLevels = (levels: number) => codecOf({ codec: 'qsgd', levels } as { codec: string })

codecContract(qsgd, undefined, false)
codecContract(withLevels(1), undefined, false)
codecContract(withLevels(127), undefined, false)

describe('qsgd', () => {
  it.each([1, 2, 15, 100])('with %d levels is one of the two steps next to a number', levels => {
    fc.assert(
      fc.property(longVectors, values => {
        const arrived = chunksOf(roundTrip(withLevels(levels), values, chunked))
        for (const [chunk, own] of chunksOf(values).entries()) {
          const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
          const worst = own.reduce((most, value, i) => Math.max(most, Math.abs(arrived[chunk]![i]! - value)), 0)
          expect(worst).toBeLessThanOrEqual((largest / levels) * (1 + 2 ** -20) + 2 ** -149)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('P17: is a number on the average of many chunks, none of which draws as another does', () => {
    // The last number only makes the chunk another one.
    const few = layoutOf([{ name: 'a/b', shape: [5] }])
    const draws = 20_000
    const sums = new Float64Array(4)
    for (let draw = 1; draw <= draws; draw++) {
      const arrived = roundTrip(withLevels(3), Float32Array.of(1, 0.1, -0.55, 0.3, draw * 1e-6), few)
      for (let i = 0; i < 4; i++) sums[i]! += arrived[i]!
    }
    // A step is a third; the deviation of the mean of 20,000 is at most 0.0012.
    for (const [i, value] of [1, 0.1, -0.55, 0.3].entries())
      expect(Math.abs(sums[i]! / draws - value)).toBeLessThan(0.006)
  })

  it('writes the same bytes for the same vector', () => {
    const values = vectorOf('normal')
    expect(Buffer.compare(encoded(qsgd, values, chunked), encoded(qsgd, values.slice(), chunked))).toBe(0)
  })

  it.each([
    ['infinite', 0x7f800000, 'NOT_FINITE'],
    ['negative', 0x80000000, 'MALFORMED'],
  ] as const)('with a magnitude that is %s is refused', (_, bits, reason) => {
    const bytes = Uint8Array.from(encoded(qsgd, vectorOf('normal'), chunked))
    new DataView(bytes.buffer).setUint32(0, bits, true)
    expect(() => decoded(qsgd, bytes, chunked)).toThrow(new EncodingError(reason))
  })

  it('with a step beyond the last, or bits behind the steps, is refused', () => {
    const three = layoutOf([{ name: 'a/b', shape: [3] }])
    for (const [byte, bits] of [
      [4, 0x1f],
      [5, 0x80],
    ] as const) {
      const bytes = Uint8Array.from(encoded(qsgd, Float32Array.of(1, -1, 1), three))
      bytes[byte]! |= bits
      expect(() => decoded(qsgd, bytes, three)).toThrow(new EncodingError('MALFORMED'))
    }
  })
})
