import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bf16, type Codec, f16, int8 } from '../../src/codec/index.js'
import { layoutOf, reserve } from '../../src/tensors/index.js'

/*
 * The kernel's numbers beside those of plain loops, bit by bit, wherever the numbers lie.
 */

const infinity = 0x7f800000

function bf16Of(bits: number): number {
  const magnitude = bits & 0x7fffffff
  if (magnitude < 0x7f7f8000) return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
  const sign = (bits >>> 16) & 0x8000
  if (magnitude < infinity) return sign | 0x7f7f
  return magnitude === infinity ? sign | 0x7f80 : sign | 0x7fc0
}

function f16Of(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude < 0x38800000) {
    // Added and subtracted, rounds a double below 2^51 to a whole number, ties to even.
    const shift = 1.5 * 2 ** 52
    return sign | (Math.abs(floatOf(bits)) * 2 ** 24 + shift - shift)
  }
  if (magnitude < 0x477ff000) return sign | ((magnitude - (112 << 23) + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
  if (magnitude < infinity) return sign | 0x7bff
  return magnitude === infinity ? sign | 0x7c00 : sign | 0x7e00
}

function meaningOfF16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 2 ** 10) * 2 ** (exponent - 15)
}

function floatOf(bits: number): number {
  return new Float32Array(Int32Array.of(bits).buffer)[0]!
}

const codecs = [
  { codec: bf16, encode: bf16Of, decode: (half: number) => floatOf(half << 16) },
  { codec: f16, encode: f16Of, decode: meaningOfF16 },
]

/** Where rounding, exponents or kinds of numbers change, and their neighbours, with both signs. */
const edges = [
  0, 0x00800000, 0x33000000, 0x33800000, 0x387fe000, 0x38800000, 0x3f800000, 0x477fe000, 0x477ff000,
].concat([0x7f7f0000, 0x7f7f8000, 0x7f7fffff, infinity, 0x7f800001, 0x7fc00000, 0x7fffffff])
const around = edges.flatMap(edge => [-2, -1, 0, 1, 2].map(step => Math.max(0, edge + step) & 0x7fffffff))
const bitPatterns = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.constantFrom(...around, ...around.map(bits => bits | 0x80000000)),
)

function layoutOfSize(size: number) {
  return layoutOf([{ name: 'a/b', shape: [size] }])
}

/** Memory for kernels, or any other. */
const rooms = { inside: reserve, outside: (bytes: number) => new Uint8Array(bytes) }

describe.each(Object.entries(rooms))('numbers of 16 bits, %s the memory for kernels', (_, room) => {
  it.each(codecs)('$codec.name are rounded as a plain loop rounds them', ({ codec, encode }) => {
    fc.assert(
      fc.property(fc.array(bitPatterns, { minLength: 1, maxLength: 40 }), patterns => {
        const at = room(4 * patterns.length)
        const values = new Float32Array(at.buffer, at.byteOffset, patterns.length)
        new Int32Array(at.buffer, at.byteOffset, patterns.length).set(patterns)
        const into = room(2 * patterns.length)
        const [pass] = codec.encode(layoutOfSize(patterns.length), values, into).passes
        const cut = Math.floor(patterns.length / 3)
        pass!(0, cut)
        pass!(cut, patterns.length)
        const halves = [...new Uint16Array(into.buffer, into.byteOffset, patterns.length)]
        expect(halves).toEqual(patterns.map(encode))
      }),
      { numRuns: 400 },
    )
  })

  it.each(codecs)('$codec.name mean, all of them, what they mean to a plain loop', ({ codec, decode }) => {
    const count = 2 ** 16
    const at = room(4 * count)
    const from = at.subarray(2 * count)
    new Uint16Array(from.buffer, from.byteOffset, count).set(Uint16Array.from({ length: count }, (_, half) => half))
    // They end where the floats end.
    const values = new Float32Array(at.buffer, at.byteOffset, count)
    const pass = codec.decode(layoutOfSize(count), from, values)
    for (let start = 0; start < count; start += 1000) pass(start, Math.min(start + 1000, count))
    for (const [half, value] of values.entries()) {
      const expected = decode(half)
      if (!Object.is(value, expected)) expect([half, value]).toEqual([half, expected])
    }
  })
})

describe.each(Object.entries(rooms))('bytes, %s the memory for kernels', (_, room) => {
  const whole = fc.array(fc.integer({ min: -127, max: 127 }), { minLength: 1, maxLength: 70 })

  /** Decoded in place, as a head that arrives: the floats end where the bytes end, but for a guard on either side. */
  function decodedOf(codec: Codec, scale: number, numbers: readonly number[], slice = numbers.length): number[] {
    const size = numbers.length
    // The end of the bytes is aligned to four.
    const bytes = 4 + size + ((4 - (size % 4)) % 4)
    const taken = Math.max(4 * size, bytes)
    const all = room(64 + taken + 64).fill(0x5a)
    const from = all.subarray(64 + taken - bytes, 64 + taken)
    new Float32Array(from.buffer, from.byteOffset, 1)[0] = scale
    new Int8Array(from.buffer, from.byteOffset + 4, size).set(numbers)
    const values = new Float32Array(all.buffer, all.byteOffset + 64 + taken - 4 * size, size)
    const pass = codec.decode(layoutOfSize(size), from, values)
    for (let start = 0; start < size; start += slice) pass(start, Math.min(start + slice, size))
    for (const guard of [all.subarray(0, 64), all.subarray(64 + taken)]) expect(new Set(guard)).toEqual(new Set([0x5a]))
    return [...values]
  }

  it('are rounded as a plain loop rounds them', () => {
    const number = fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true, min: -127, max: 127 }),
      fc.integer().map(n => (n % 127) + 0.5),
    )
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 70 }), numbers => {
        const at = room(4 * numbers.length)
        const values = new Float32Array(at.buffer, at.byteOffset, numbers.length)
        values.set(numbers)
        const into = room(4 + numbers.length)
        const passes = int8.encode(layoutOfSize(numbers.length), values, into).passes
        for (const pass of passes) pass(0, numbers.length)
        const [scale] = new Float32Array(into.buffer, into.byteOffset, 1)
        // Added and subtracted, rounds a double below 2^51 to a whole number, ties to even.
        const shift = 1.5 * 2 ** 52
        const factor = scale! > 0 ? 1 / scale! : 0
        const whole = [...new Int8Array(into.buffer, into.byteOffset + 4, numbers.length)]
        expect(whole).toEqual(Array.from(values, value => (value * factor + shift - shift) | 0))
      }),
      { numRuns: 400 },
    )
  })

  it('are as many scales', () => {
    fc.assert(
      fc.property(whole, fc.float({ noNaN: true, noDefaultInfinity: true, min: 0 }), (numbers, scale) => {
        expect(decodedOf(int8, scale, numbers)).toEqual(numbers.map(number => Math.fround(number * scale)))
      }),
    )
  })

  it('are so many of a vector of several pieces, in slices of any length', () => {
    const numbers = Array.from({ length: 9001 }, (_, i) => ((i * 37) % 255) - 127)
    const expected = numbers.map(number => Math.fround(number * Math.fround(0.1)))
    for (const slice of [9001, 4096, 1000, 17]) {
      expect(decodedOf(int8, 0.1, numbers, slice)).toEqual(expected)
    }
  })

  it('are malformed where one is -128, wherever it stands', () => {
    fc.assert(
      fc.property(whole, fc.nat(), (numbers, place) => {
        const wrong = numbers.with(place % numbers.length, -128)
        expect(() => decodedOf(int8, 1, wrong)).toThrow('MALFORMED')
      }),
    )
  })
})
