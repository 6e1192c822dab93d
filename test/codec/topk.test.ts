import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codecOf, EncodingError } from '../../src/codec/index.js'
import { layoutOf, reserve } from '../../src/tensors/index.js'
import { chunked, chunksOf, errors, longVectors, vectorOf } from './chunked.js'
import { codecContract } from './contract.js'
import { codecNamed } from './named.js'
import { decoded, encoded, roundTrip } from './vectors.js'

type Of = 'chunk' | 'tensor' | 'whole'
/** What is coded together. */
const parts: Readonly<Record<Of, (values: Float32Array) => Float32Array[]>> = {
  chunk: chunksOf,
  tensor: values => chunked.tensors.map(({ offset, size }) => values.subarray(offset, offset + size)),
  whole: values => [values],
}

const topk = codecNamed('topk')
const keeping = (keep: number, of: Of = 'chunk') => codecOf({ codec: 'topk', keep, of } as { codec: string })

codecContract(topk)
codecContract(keeping(0.5))
codecContract(keeping(0.3, 'tensor'))
codecContract(keeping(0.05, 'whole'))

/** As docs/wire.md has it: the places of k of n numbers, and how many bytes they take. */
function placesIn(bytes: Uint8Array, n: number, k: number): { places: number[]; length: number } {
  const bit = (at: number): number => (bytes[at >> 3]! >> (at & 7)) & 1
  const low = 4 * k > n ? 0 : Math.floor(Math.log2(n / k))
  const start = 8 * Math.ceil((k * low) / 8)
  const count = low === 0 ? n : k + Math.floor((n - 1) / 2 ** low)
  const places: number[] = []
  for (let at = 0; at < count; at++) {
    if (bit(start + at) === 0) continue
    const j = places.length
    let lowest = 0
    for (let b = 0; b < low; b++) lowest |= bit(j * low + b) << b
    places.push(low === 0 ? at : (at - j) * 2 ** low + lowest)
  }
  return { places, length: start / 8 + Math.ceil(count / 8) }
}

/** The places of the k largest, of equals the first. What bfloat16 may not tell from 0 is 0. */
function largest(values: Float32Array, k: number): number[] {
  const sizes = Array.from(values, value => (Math.abs(value) < 2 ** -133 ? 0 : Math.abs(value)))
  const order = sizes.map((_, i) => i).sort((a, b) => sizes[b]! - sizes[a]! || a - b)
  return order.slice(0, k).sort((a, b) => a - b)
}

describe('topk', () => {
  it.each(
    [0.0001, 0.01, 0.03, 0.1, 0.2, 0.24, 0.26, 0.5].flatMap(keep =>
      (['chunk', 'tensor', 'whole'] as const).map(of => [keep, of] as const),
    ),
  )('with keep %f of each %s writes what docs/wire.md says', (keep, of) => {
    for (const kind of ['normal', 'wide', 'equal', 'sparse', 'tiny']) {
      const values = vectorOf(kind, 7)
      const bytes = encoded(keeping(keep, of), values, chunked, 1000)
      const arrived = parts[of](decoded(keeping(keep, of), bytes, chunked))
      let at = 0
      for (const [part, own] of parts[of](values).entries()) {
        const k = Math.ceil(keep * own.length)
        const { places, length } = placesIn(bytes.subarray(at + 2 * k), own.length, k)
        expect(places).toEqual(largest(own, k))
        const theirs = arrived[part]!
        const halves = new Uint16Array(bytes.slice(at, at + 2 * k).buffer)
        for (const [j, place] of places.entries()) {
          expect(theirs[place]).toBe(new Float32Array(Uint32Array.of(halves[j]! << 16).buffer)[0])
          expect(Math.abs(theirs[place]! - own[place]!)).toBeLessThanOrEqual(
            Math.max(2 ** -8 * Math.abs(own[place]!), 2 ** -133),
          )
        }
        expect(theirs.filter(value => value !== 0).length).toBeLessThanOrEqual(k)
        at += 2 * k + length
      }
      expect(at).toBe(bytes.length)
    }
  })

  it('P17: leaves no more than a share of 1 − keep of the squares', () => {
    fc.assert(
      fc.property(longVectors, values => {
        for (const { error, norm } of errors('topk', values)) {
          expect(error).toBeLessThanOrEqual(norm * (0.99 + 2 ** -16) + 4096 * 2 ** -266)
        }
      }),
    )
  })

  it('of a long vector that it has rounded before gives the same bytes', () => {
    fc.assert(
      fc.property(longVectors, values => {
        const bytes = encoded(topk, values, chunked)
        expect(Buffer.compare(encoded(topk, decoded(topk, bytes, chunked), chunked), bytes)).toBe(0)
      }),
    )
  })

  it('writes and reads the same wherever the numbers lie', () => {
    const values = vectorOf('normal')
    const { buffer, byteOffset } = reserve(values.byteLength)
    const placed = new Float32Array(buffer, byteOffset, values.length)
    placed.set(values)
    const bytes = encoded(topk, values, chunked)
    expect(Buffer.compare(encoded(topk, placed, chunked), bytes)).toBe(0)
    topk.decode(chunked, bytes, placed)(0, chunked.size)
    expect(placed).toEqual(decoded(topk, bytes, chunked))
  })

  it('takes 130 times fewer bytes than float32', () => {
    const large = layoutOf([{ name: 'a/b', shape: [4096 * 100] }])
    expect((large.size * 4) / topk.size(large).most).toBeCloseTo(130, 0)
  })

  it.each<[string, (bytes: Uint8Array) => void, EncodingError['reason']]>([
    ['a place too many', bytes => void bytes.set([bytes[16]! | 0x10], 16), 'MALFORMED'],
    ['no place', bytes => void bytes.fill(0, 16, 18), 'MALFORMED'],
    ['all places, and one that is none', bytes => void bytes.fill(0xff, 16, 18), 'MALFORMED'],
    ['bits behind the places', bytes => void bytes.set([bytes[17]! | 0x80], 17), 'MALFORMED'],
    ['infinity', bytes => new DataView(bytes.buffer, bytes.byteOffset).setUint16(0, 0xff80, true), 'NOT_FINITE'],
    ['NaN', bytes => new DataView(bytes.buffer, bytes.byteOffset).setUint16(14, 0x7fc0, true), 'NOT_FINITE'],
  ])('with %s is refused', (_, spoil, reason) => {
    // Eight of fifteen: a bit for each number, behind 16 bytes of values.
    const fifteen = layoutOf([{ name: 'a/b', shape: [15] }])
    const values = Float32Array.from({ length: 15 }, (_, i) => i - 7)
    for (const codec of [keeping(0.5), keeping(0.5, 'tensor'), keeping(0.5, 'whole')]) {
      const bytes = Uint8Array.from(encoded(codec, values, fifteen))
      expect(bytes).toHaveLength(18)
      expect(roundTrip(codec, values, fifteen)).toHaveLength(15)
      spoil(bytes)
      expect(() => decoded(codec, bytes, fifteen)).toThrow(new EncodingError(reason))
    }
  })

  it('with places that do not ascend is refused', () => {
    // Two of 200: six lowest bits each, and of both the same rest.
    const many = layoutOf([{ name: 'a/b', shape: [200] }])
    const values = new Float32Array(200).fill(0)
    values[5] = 1
    values[9] = 1
    const bytes = Uint8Array.from(encoded(topk, values, many))
    expect(decoded(topk, bytes, many)[9]).toBe(1)
    const lows = bytes[4]! | (bytes[5]! << 8)
    for (const wrong of [((lows >> 6) & 63) | ((lows & 63) << 6), (lows & 63) | ((lows & 63) << 6)]) {
      bytes[4] = wrong & 0xff
      bytes[5] = wrong >> 8
      for (const of of ['chunk', 'tensor', 'whole'] as const) {
        expect(() => decoded(keeping(0.01, of), bytes, many)).toThrow(new EncodingError('MALFORMED'))
      }
    }
  })

  it.each(['tensor', 'whole'] as const)('of each %s does no more in a slice than its numbers', of => {
    const codec = keeping(0.5, of)
    const long = layoutOf([{ name: 'a/b', shape: [1000] }])
    const values = Float32Array.from({ length: 1000 }, (_, i) => Math.cos(i))
    const bytes = Uint8Array.from(encoded(codec, values, long))
    // The values of a slice are written with it.
    const into = new Uint8Array(bytes.length)
    const { passes } = codec.encode(long, values, into)
    for (const pass of passes.slice(0, -1)) pass(0, 1000)
    passes.at(-1)!(0, 500)
    expect(into.subarray(0, 400)).toEqual(bytes.subarray(0, 400))
    expect(into.subarray(600, 1000).every(byte => byte === 0)).toBe(true)
    // Places that are not there are missed at the end, and a value that is no number where it belongs.
    for (const [spoilt, reason] of [
      [Uint8Array.from(bytes).fill(0, 1000), 'MALFORMED'],
      [Uint8Array.from(bytes).fill(0xff, 998, 1000), 'NOT_FINITE'],
    ] as const) {
      const pass = codec.decode(long, spoilt, new Float32Array(1000))
      pass(0, 500)
      expect(() => pass(500, 1000)).toThrow(new EncodingError(reason))
    }
  })
})
