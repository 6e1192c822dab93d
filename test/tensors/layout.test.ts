import { describe, expect, it } from 'vitest'
import { allocate, headOf, headSection, layersOf, layoutOf, sameLayout } from '../../src/tensors/index.js'

const layout = layoutOf([
  { name: 'conv1/kernel', shape: [5, 5, 1, 2] },
  { name: 'conv1/bias', shape: [2] },
  { name: 'output/kernel', shape: [4, 3] },
  { name: 'output/bias', shape: [3] },
])

describe('layout', () => {
  it('lays tensors out one after another', () => {
    expect(layout.tensors.map(({ offset, size }) => [offset, size])).toEqual([
      [0, 50],
      [50, 2],
      [52, 12],
      [64, 3],
    ])
    expect(layout.size).toBe(67)
    expect(layersOf(layout)).toEqual(['conv1', 'output'])
  })

  it('allocates on shared memory', () => {
    expect(allocate(layout).buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(allocate(layout)).toHaveLength(67)
  })

  it('takes the head as a view: writing to it writes to the model', () => {
    const section = headSection(layout, 'output')
    expect(section).toMatchObject({ start: 52, end: 67 })
    expect(section.layout.tensors.map(({ name, offset }) => [name, offset])).toEqual([
      ['output/kernel', 0],
      ['output/bias', 12],
    ])
    const values = allocate(layout)
    headOf(values, section)[0] = 7
    expect(values[52]).toBe(7)
  })

  it('takes the whole model when nothing is named', () => {
    expect(headSection(layout)).toMatchObject({ start: 0, end: 67 })
    expect(sameLayout(headSection(layout).layout, layout)).toBe(true)
  })

  it('names the layers there are when one is misspelt', () => {
    expect(() => headSection(layout, 'outputs')).toThrow(
      'no layer "outputs" with parameters; its layers are conv1, output',
    )
  })

  it('tells layouts apart by name, shape and order', () => {
    const renamed = layoutOf(layout.tensors.map(({ name, shape }) => ({ name: name.replace('conv1', 'conv2'), shape })))
    const reshaped = layoutOf(layout.tensors.map(({ name, shape }) => ({ name, shape: [...shape].reverse() })))
    expect(sameLayout(layout, layout)).toBe(true)
    expect(sameLayout(layout, renamed)).toBe(false)
    expect(sameLayout(layout, reshaped)).toBe(false)
  })
})
