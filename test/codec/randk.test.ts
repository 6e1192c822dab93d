import { describe, expect, it } from 'vitest'
import { codecOf, EncodingError } from '../../src/codec/index.js'
import { chunked, chunksOf, errors, vectorOf } from './chunked.js'
import { codecContract } from './contract.js'
import { codecNamed } from './named.js'
import { decoded, encoded, roundTrip } from './vectors.js'

const randk = codecNamed('randk')
const half = codecOf({ codec: 'randk', keep: 0.5 } as { codec: string })

codecContract(randk, undefined, false)
codecContract(half, undefined, false)

/** As docs/wire.md has it. */
function drawn(seed: number, n: number, k: number): number[] {
  const mixed = (word: number): number => {
    let x = word >>> 0
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
    return (x ^ (x >>> 16)) >>> 0
  }
  const places = new Set<number>()
  for (let j = 0; j < k; j++) {
    const last = n - k + j
    const place = Math.floor((mixed(seed + j) * (last + 1)) / 2 ** 32)
    places.add(places.has(place) ? last : place)
  }
  return [...places]
}

describe('randk', () => {
  it.each([randk, half])('has its numbers where both ends draw them from the seed', codec => {
    const keep = codec === half ? 0.5 : 0.01
    const values = vectorOf('normal', 3)
    const bytes = encoded(codec, values, chunked)
    const arrived = chunksOf(decoded(codec, bytes, chunked))
    let at = 0
    for (const [chunk, own] of chunksOf(values).entries()) {
      const k = Math.ceil(keep * own.length)
      const seed = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true)
      const places = drawn(seed, own.length, k)
      expect(new Set(places).size).toBe(k)
      for (const [i, value] of arrived[chunk]!.entries()) {
        if (places.includes(i)) expect(Math.abs(value - own[i]!)).toBeLessThanOrEqual(2 ** -8 * Math.abs(own[i]!))
        else expect(value).toBe(0)
      }
      at += 4 + 2 * k
    }
  })

  it('P17: never moves away from a vector, and comes closer by a share of keep on the average', () => {
    let [error, norm] = [0, 0]
    for (let seed = 1; seed <= 200; seed++) {
      for (const one of errors('randk', vectorOf('normal', seed))) {
        expect(one.error).toBeLessThanOrEqual(one.norm)
        error += one.error
        norm += one.norm
      }
    }
    expect(1 - error / norm).toBeCloseTo(0.01, 3)
  })

  it('draws other places for another vector, each about as often', () => {
    const often = new Float64Array(4096)
    for (let seed = 1; seed <= 100; seed++) {
      roundTrip(half, vectorOf('normal', seed), chunked).forEach((value, i) => {
        if (i < 4096 && value !== 0) often[i]! += 1
      })
    }
    // Of 4096 binomials of 100 draws at a half, none lies six deviations away.
    expect(Math.min(...often)).toBeGreaterThan(20)
    expect(Math.max(...often)).toBeLessThan(80)
  })

  it('with infinity is refused', () => {
    const bytes = Uint8Array.from(encoded(randk, vectorOf('normal'), chunked))
    bytes.set([0x80, 0x7f], 4)
    expect(() => decoded(randk, bytes, chunked)).toThrow(new EncodingError('NOT_FINITE'))
  })
})
