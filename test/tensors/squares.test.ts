import fc from 'fast-check'
import { expect, it } from 'vitest'
import { random } from '../../src/random.js'
import { reserveVector, squaredNorm, squareSum } from '../../src/tensors/index.js'

const strange = [0, -0, Infinity, -Infinity, NaN, 1e-45, -1e-45, 1.1754942e-38, 3.4028235e38, -3.4028235e38]

/** A vector in the memory for kernels or outside of it, with a few numbers at which arithmetic is not smooth. */
const vectorOf = (length: number): fc.Arbitrary<Float32Array> =>
  fc
    .tuple(fc.boolean(), fc.nat(), fc.array(fc.tuple(fc.nat(), fc.constantFrom(...strange)), { maxLength: 3 }))
    .map(([isInside, seed, places]) => {
      const rng = random(seed, 'test/squares', length)
      const values = isInside ? reserveVector(length) : new Float32Array(length)
      for (let k = 0; k < length; k++) values[k] = 2 * rng.uniform() - 1
      for (const [at, value] of places) if (length > 0) values[at % length] = value
      return values
    })

const two = fc
  .oneof(fc.nat({ max: 40 }), fc.constantFrom(4095, 4096, 4097, 9001))
  .chain(length => fc.tuple(vectorOf(length), vectorOf(length)))

/** What the eight sums mean. */
function reference(a: Float32Array, b?: Float32Array): number {
  const sums = new Float64Array(8)
  for (let k = 0; k < a.length; k++) {
    const number = b === undefined ? a[k]! : a[k]! - b[k]!
    sums[k % 8]! += number * number
  }
  return sums.reduce((total, sum) => total + sum, 0)
}

it('norms and distances are eight sums in float64, to the last bit', () => {
  fc.assert(
    fc.property(two, ([a, b]) => {
      const distance = squareSum(a, b)
      distance.add(0, a.length)
      expect(distance.total()).toBe(reference(a, b))
      expect(squaredNorm(a)).toBe(reference(a))
    }),
  )
})

it('slices give the bits of one go, wherever they end', () => {
  fc.assert(
    fc.property(two, fc.array(fc.nat({ max: 9001 })), ([a, b], cuts) => {
      const sums = [squareSum(a), squareSum(a, b)]
      let from = 0
      for (const to of [...cuts.filter(cut => cut < a.length), a.length].sort((x, y) => x - y)) {
        for (const sum of sums) sum.add(from, to)
        from = to
      }
      expect(sums.map(sum => sum.total())).toEqual([reference(a), reference(a, b)])
    }),
  )
})

it('two sums can be added up by turns', () => {
  const [a, b] = [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)]
  const [first, second] = [squareSum(a), squareSum(b)]
  first.add(0, 1)
  second.add(0, 2)
  first.add(1, 3)
  expect([first.total(), second.total()]).toEqual([14, 41])
})

it('numbers that are not there are refused', () => {
  const values = Float32Array.of(1, 2, 3)
  expect(() => squaredNorm(values, 0, 4)).toThrow(RangeError)
  expect(() => squaredNorm(values, -1, 2)).toThrow(RangeError)
  expect(() => squareSum(values, Float32Array.of(1, 2)).add(0, 3)).toThrow(RangeError)
})
