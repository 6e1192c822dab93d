import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Codec, EncodingError } from '../../src/codec/index.js'
import { dtypeBytes, layoutOf } from '../../src/tensors/index.js'
import { decoded, encoded, layout, roundTrip, vectors } from './vectors.js'

/** Largest error of a number whose tensor's largest magnitude is `largest`. */
export type ErrorBound = (value: number, largest: number) => number

/**
 * What every codec keeps, whoever wrote it: called once in the test of each.
 *
 * @param bound - of finite numbers; left out where the codec has none, as a sparse one
 * @param isStable - does a vector that it has rounded before become the same bytes?
 */
export function codecContract(codec: Codec, bound?: ErrorBound, isStable = true): void {
  describe(`the codec ${codec.name}`, () => {
    it('takes no more and no fewer bytes than it says, and its tensors as many', () => {
      const { least, most } = codec.size(layout)
      const tensorBytes = codec
        .tensors(layout)
        .map(({ dtype, shape }) => shape.reduce((product, size) => product * size, 1) * dtypeBytes[dtype])
      expect(tensorBytes.reduce((sum, bytes) => sum + bytes, 0)).toBe(most)
      fc.assert(
        fc.property(vectors, values => {
          const { length } = encoded(codec, values)
          expect(length).toBeGreaterThanOrEqual(least)
          expect(length).toBeLessThanOrEqual(most)
          expect(codec.decodable(layout, length)).toBe(layout.size)
        }),
      )
    })

    it('errs within its bound, and keeps what is finite finite', () => {
      fc.assert(
        fc.property(vectors, values => {
          const arrived = roundTrip(codec, values)
          expect(arrived.every(Number.isFinite)).toBe(true)
          if (bound === undefined) return
          for (const { offset, size } of layout.tensors) {
            const own = values.subarray(offset, offset + size)
            const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
            own.forEach((value, i) => {
              expect(Math.abs(arrived[offset + i]! - value)).toBeLessThanOrEqual(bound(value, largest))
            })
          }
        }),
      )
    })

    it('goes over a vector of many slices and tensors', () => {
      const large = layoutOf([
        { name: 'a/kernel', shape: [300_001] },
        { name: 'a/bias', shape: [3] },
        { name: 'b/kernel', shape: [200_000] },
      ])
      const values = Float32Array.from({ length: large.size }, (_, i) => Math.sin(i) * (i < 300_001 ? 1 : 1000))
      const bytes = encoded(codec, values, large, 65_536)
      expect(Buffer.compare(bytes, encoded(codec, values, large))).toBe(0)
      const arrived = decoded(codec, bytes, large, 61_440)
      expect(arrived.every(Number.isFinite)).toBe(true)
      let worst = 0
      for (let i = 0; i < values.length; i++) {
        const largest = i < 300_001 ? 1 : 1000
        worst = Math.max(worst, Math.abs(arrived[i]! - values[i]!) - (bound?.(values[i]!, largest) ?? Infinity))
      }
      expect(worst).toBeLessThanOrEqual(0)
    })

    it.runIf(isStable)('of a vector that it has rounded before gives the same bytes', () => {
      fc.assert(
        fc.property(vectors, values => {
          const bytes = encoded(codec, values)
          expect(encoded(codec, decoded(codec, bytes))).toEqual(bytes)
        }),
      )
    })

    it('decodes the same in whatever pieces', () => {
      fc.assert(
        fc.property(vectors, fc.integer({ min: 1, max: 100 }), (values, piece) => {
          const bytes = encoded(codec, values, layout, piece)
          expect(bytes).toEqual(encoded(codec, values))
          expect(decoded(codec, bytes, layout, piece)).toEqual(decoded(codec, bytes))
        }),
      )
    })

    it('keeps nothing from one vector to the next, and changes none', () => {
      fc.assert(
        fc.property(vectors, vectors, (one, other) => {
          const before = one.slice()
          const alone = encoded(codec, one)
          const intos = [one, other].map(() => new Uint8Array(codec.size(layout).most))
          const encodings = [one, other].map((values, i) => codec.encode(layout, values, intos[i]!))
          // Turn by turn: half of a pass of one, half of the other's.
          for (const [pass] of encodings[0]!.passes.entries()) {
            for (const [from, to] of [
              [0, 11],
              [11, layout.size],
            ] as const) {
              for (const { passes } of encodings) passes[pass]!(from, to)
            }
          }
          expect(intos[0]!.subarray(0, encodings[0]!.length())).toEqual(alone)
          expect(intos[1]!.subarray(0, encodings[1]!.length())).toEqual(encoded(codec, other))
          expect(one).toEqual(before)
          expect(decoded(codec, alone)).toEqual(decoded(codec, alone))
        }),
      )
    })

    it.each([Number.NaN, Infinity, -Infinity])('never lets a vector with %f pass for an honest one', value => {
      for (const place of [0, 15, layout.size - 1]) {
        const values = new Float32Array(layout.size).fill(0.5)
        values[place] = value
        const arrived = orRefusal(() => roundTrip(codec, values))
        if (arrived instanceof EncodingError) expect(arrived.reason).toBe('NOT_FINITE')
        else expect(arrived.every(Number.isFinite)).toBe(false)
      }
    })

    it('of a stranger’s bytes makes numbers, or an EncodingError', () => {
      const { least, most } = codec.size(layout)
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: least, maxLength: most }),
          fc.integer({ min: 1, max: 100 }),
          (bytes, piece) => {
            const arrived = orRefusal(() => decoded(codec, bytes, layout, piece))
            if (arrived instanceof EncodingError) expect(['MALFORMED', 'NOT_FINITE']).toContain(arrived.reason)
            else expect(arrived).toHaveLength(layout.size)
          },
        ),
        { numRuns: 500 },
      )
    })
  })
}

function orRefusal(decode: () => Float32Array): Float32Array | EncodingError {
  try {
    return decode()
  } catch (error) {
    if (error instanceof EncodingError) return error
    throw error
  }
}
