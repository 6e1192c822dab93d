import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codecOf, EncodingError } from '../../src/codec/index.js'
import { layoutOf } from '../../src/tensors/index.js'
import { chunked, errors, longVectors, vectorOf } from './chunked.js'
import { codecContract } from './contract.js'
import { codecNamed } from './named.js'
import { decoded, encoded, roundTrip } from './vectors.js'

const topk2bit = codecNamed('topk2bit')
const half = codecOf({ codec: 'topk2bit', keep: 0.5 } as { codec: string })
const eight = layoutOf([{ name: 'a/b', shape: [8] }])

codecContract(topk2bit, undefined, false)
codecContract(half, undefined, false)

describe('topk2bit', () => {
  it('is the quantiser of SparseLoCo', () => {
    const values = Float32Array.of(0, 1, 0, -2, 0.5, 0, 3, 0)
    expect(roundTrip(half, values, eight)).toEqual(Float32Array.of(0, 0.75, 0, -2, 0.75, 0, 3, 0))
  })

  it('of numbers that are all alike keeps each', () => {
    const values = Float32Array.of(0, -2, 0, -2, -2, 0, -2, 0)
    expect(roundTrip(half, values, eight)).toEqual(values)
  })

  it('P17: is never further from a vector than 0 is, and keeps the sum of what travels', () => {
    fc.assert(
      fc.property(longVectors, values => {
        for (const { error, norm } of errors('topk2bit', values))
          expect(error).toBeLessThanOrEqual(norm * (1 + 2 ** -20))
      }),
    )
    const values = vectorOf('normal')
    const arrived = roundTrip(topk2bit, values, chunked)
    const kept = (of: Float32Array): number => of.reduce((sum, value, i) => sum + (arrived[i] === 0 ? 0 : value), 0)
    expect(kept(arrived)).toBeCloseTo(kept(values), 3)
  })

  it.each<[string, (bytes: Uint8Array) => void, EncodingError['reason']]>([
    ['infinity in its table', bytes => new DataView(bytes.buffer).setFloat32(12, Infinity, true), 'NOT_FINITE'],
    ['a place missing', bytes => void bytes.set([bytes[17]! & (bytes[17]! - 1)], 17), 'MALFORMED'],
  ])('with %s is refused', (_, spoil, reason) => {
    const bytes = Uint8Array.from(encoded(half, Float32Array.of(0, 1, 0, -2, 0.5, 0, 3, 0), eight))
    expect(bytes).toHaveLength(18)
    spoil(bytes)
    expect(() => decoded(half, bytes, eight)).toThrow(new EncodingError(reason))
  })

  it('with bits behind its bins is refused', () => {
    const six = layoutOf([{ name: 'a/b', shape: [6] }])
    const bytes = Uint8Array.from(encoded(half, Float32Array.of(1, 2, 3, 0, 0, 0), six))
    bytes[16]! |= 0xc0
    expect(() => decoded(half, bytes, six)).toThrow(new EncodingError('MALFORMED'))
  })
})
