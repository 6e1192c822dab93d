import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstDense, inputsOfDense } from '../../../src/audit/inversion/dense.js'
import { headSection, layoutOf } from '../../../src/tensors/index.js'

const section = headSection(
  layoutOf([
    { name: 'hidden/kernel', shape: [4, 3] },
    { name: 'hidden/bias', shape: [3] },
  ]),
)
const layer = firstDense(section)!
const number = fc.double({ min: -10, max: 10, noNaN: true }).map(Math.fround)
const vector = (length: number): fc.Arbitrary<number[]> => fc.array(number, { minLength: length, maxLength: length })

/** Σ a eᵀ and Σ e of some records, as a vector of the section. */
function updateOf(records: readonly { a: readonly number[]; e: readonly number[] }[]): Float32Array {
  const update = new Float32Array(15)
  for (const { a, e } of records) {
    for (let j = 0; j < 3; j++) {
      for (let i = 0; i < 4; i++) update[3 * i + j]! += a[i]! * e[j]!
      update[12 + j]! += e[j]!
    }
  }
  return update
}

describe('the inputs of a dense layer', () => {
  it('are in the update of a single record, whatever its errors', () => {
    fc.assert(
      fc.property(vector(4), vector(3), (a, e) => {
        fc.pre(e.some(value => Math.abs(value) > 0.1))
        const found = inputsOfDense(updateOf([{ a, e }]), layer)
        expect(found.length).toBeGreaterThan(0)
        for (const [i, value] of found[0]!.entries()) expect(value).toBeCloseTo(a[i]!, 3)
      }),
    )
  })

  it('of two records are apart where an output moved for one alone', () => {
    const [one, other] = [
      { a: [1, 2, 3, 4], e: [0, 2, 1] },
      { a: [5, 6, 7, 8], e: [3, 0, 1] },
    ]
    expect(inputsOfDense(updateOf([one, other]), layer).map(input => [...input])).toEqual([
      [5, 6, 7, 8],
      [1, 2, 3, 4],
      [3, 4, 5, 6],
    ])
  })

  it('are nowhere where nothing moved', () => {
    expect(inputsOfDense(new Float32Array(15), layer)).toEqual([])
  })

  it('are looked for only where a part begins with such a layer', () => {
    const of = (tensors: { name: string; shape: number[] }[]): unknown => firstDense(headSection(layoutOf(tensors)))
    expect(
      of([
        { name: 'conv/kernel', shape: [3, 3, 1, 8] },
        { name: 'conv/bias', shape: [8] },
      ]),
    ).toBeUndefined()
    expect(of([{ name: 'hidden/kernel', shape: [4, 3] }])).toBeUndefined()
    expect(
      of([
        { name: 'hidden/kernel', shape: [4, 3] },
        { name: 'output/kernel', shape: [3, 2] },
      ]),
    ).toBeUndefined()
  })
})
