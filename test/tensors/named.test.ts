import { describe, expect, it } from 'vitest'
import { allocate, fillFrom, layoutOf, type NamedTensor, tensorsOf } from '../../src/tensors/index.js'

const layout = layoutOf([
  { name: 'own:kernel', shape: [2, 2] },
  { name: 'own:bias', shape: [2] },
])

describe('named tensors', () => {
  it('are views on a vector, and fill another', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6)
    const tensors = tensorsOf({ layout, values })
    expect(tensors.map(({ name, shape, values }) => [name, shape, [...values]])).toEqual([
      ['own:kernel', [2, 2], [1, 2, 3, 4]],
      ['own:bias', [2], [5, 6]],
    ])
    values[5] = 7
    const copy = allocate(layout)
    fillFrom(tensors, { layout, values: copy }, 'checkpoint')
    expect([...copy]).toEqual([1, 2, 3, 4, 5, 7])
  })

  const [kernel, bias] = tensorsOf({ layout, values: new Float32Array(6) }) as [NamedTensor, NamedTensor]
  it.each<[string, NamedTensor[], string]>([
    ['one is missing', [kernel], 'checkpoint: lacks "own:bias" 2;'],
    ['one has another shape', [{ ...kernel, shape: [4] }, bias], 'checkpoint: lacks "own:kernel" 2×2;'],
    [
      'there is one more',
      [kernel, bias, { ...bias, name: 'more' }],
      'checkpoint: has "more", which does not belong there;',
    ],
    ['a number is none', [kernel, { ...bias, values: Float32Array.of(1, Number.NaN) }], '"own:bias" holds numbers'],
  ])('are refused where %s, and nothing is filled', (_, tensors, message) => {
    const values = allocate(layout).fill(9)
    expect(() => fillFrom(tensors, { layout, values }, 'checkpoint')).toThrow(message)
    expect([...values]).toEqual(Array(6).fill(9))
  })
})
