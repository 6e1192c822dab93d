import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EncodingError } from '../../src/codec/index.js'
import { layoutOf } from '../../src/tensors/index.js'
import { chunked, chunksOf, errors, longVectors, vectorOf } from './chunked.js'
import { codecContract } from './contract.js'
import { codecNamed } from './named.js'
import { decoded, encoded, roundTrip } from './vectors.js'

const sign = codecNamed('sign')

codecContract(sign)

describe('sign', () => {
  it('has of each chunk the mean magnitude, with the sign of each number', () => {
    const values = vectorOf('normal')
    const arrived = chunksOf(roundTrip(sign, values, chunked))
    for (const [chunk, own] of chunksOf(values).entries()) {
      const mean = own.reduce((sum, value) => sum + Math.abs(value), 0) / own.length
      for (const [i, value] of arrived[chunk]!.entries()) {
        expect(Math.abs(value)).toBeCloseTo(mean, 6)
        expect(value < 0).toBe(own[i]! < 0)
      }
    }
  })

  it('P17: leaves ‖v‖² − ‖v‖₁²/d of each chunk', () => {
    fc.assert(
      fc.property(longVectors, values => {
        for (const [chunk, { error, norm }] of errors('sign', values).entries()) {
          const own = chunksOf(values)[chunk]!
          const sum = own.reduce((all, value) => all + Math.abs(value), 0)
          const left = norm - sum ** 2 / own.length
          expect(Math.abs(error - left)).toBeLessThanOrEqual(norm * 2 ** -18 + 2 ** -280)
        }
      }),
    )
  })

  it.each([
    ['infinite', 0x7f800000, 'NOT_FINITE'],
    ['negative', 0xbf800000, 'MALFORMED'],
  ] as const)('with a magnitude that is %s is refused', (_, bits, reason) => {
    const bytes = Uint8Array.from(encoded(sign, vectorOf('normal'), chunked))
    new DataView(bytes.buffer).setUint32(516, bits, true)
    expect(() => decoded(sign, bytes, chunked)).toThrow(new EncodingError(reason))
  })

  it('with bits behind its signs is refused', () => {
    const three = layoutOf([{ name: 'a/b', shape: [3] }])
    const bytes = Uint8Array.from(encoded(sign, Float32Array.of(1, -1, 1), three))
    bytes[4]! |= 0x08
    expect(() => decoded(sign, bytes, three)).toThrow(new EncodingError('MALFORMED'))
  })
})
