import { describe, expect, it } from 'vitest'
import { tensorsOfWeights, weightsOfTensors } from '../../src/mixture/kept-weights.js'
import { createMixtureWeights, keepExperts, transformOf } from '../../src/mixture/weights.js'
import type { NamedTensor } from '../../src/tensors/index.js'
import { settingsOf } from './nets.js'

const defaults = settingsOf()
const widths = { features: 3, outputs: 2 }
const owner = { seed: 1, peer: 4 }

function filled() {
  const weights = createMixtureWeights(widths, defaults, owner)
  weights.values.forEach((_, i) => {
    weights.values[i] = i / 7
  })
  for (const [i, peer] of ['12D3b', '12D3a'].entries()) {
    transformOf(weights, peer)!.fill(i + 0.5)
    weights.gate.set(peer, 0.25 * (i + 1))
  }
  return weights
}

describe('the weights of a mixture', () => {
  it('start as identities, with a gate that is the mean and can learn', () => {
    const { layout, values } = createMixtureWeights(widths, { ...defaults, attention: 4, projection: 2 }, owner)
    const part = (name: string): number[] => {
      const { offset, size } = layout.tensors.find(tensor => tensor.name === name)!
      return [...values.subarray(offset, offset + size)]
    }
    expect(part('com/kernel')).toEqual([1, 0, 0, 1, 0, 0])
    expect(part('value/kernel')).toEqual([1, 0, 0, 1])
    expect(part('query/kernel')).toEqual(Array(12).fill(0))
    expect(part('key/kernel').every(value => value !== 0 && Math.abs(value) <= Math.sqrt(3 / 2))).toBe(true)
  })

  it('lie on shared memory, and depend on seed and peer', () => {
    const first = createMixtureWeights(widths, defaults, owner)
    expect(first.values.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(transformOf(first, 'a')!.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(createMixtureWeights(widths, defaults, owner).values).toEqual(first.values)
    expect(createMixtureWeights(widths, defaults, { ...owner, peer: 5 }).values).not.toEqual(first.values)
    expect(createMixtureWeights(widths, defaults, { ...owner, seed: 2 }).values).not.toEqual(first.values)
  })

  it('give an expert that comes later an identity, rectangular where the projection is', () => {
    const weights = createMixtureWeights(widths, { ...defaults, projection: 2 }, owner)
    expect([...transformOf(weights, 'late')!]).toEqual([1, 0, 0, 0, 1, 0])
    expect(transformOf(weights, 'late')).toBe(transformOf(weights, 'late'))
    keepExperts(weights, ['another'])
    expect(weights.transforms.size).toBe(0)
  })

  it('are fewer in the ablations', () => {
    const names = (changed: Partial<typeof defaults>): string[] =>
      createMixtureWeights(widths, { ...defaults, ...changed }, owner).layout.tensors.map(({ name }) => name)
    expect(names({ transform: false })).toEqual(['query/kernel', 'key/kernel', 'value/kernel'])
    expect(names({ tokens: 'probabilities' })).toEqual(['com/kernel', 'query/kernel', 'key/kernel'])
    expect(names({ gate: 'mean' })).toEqual(['com/kernel'])
    expect(names({ gate: 'mean', transform: false })).toEqual([])
    expect(transformOf(createMixtureWeights(widths, { ...defaults, transform: false }, owner), 'a')).toBeUndefined()
  })
})

describe('the weights as tensors', () => {
  it('give everything back to the last bit', () => {
    for (const changed of [{}, { transform: false }, { gate: 'mean' as const }]) {
      const settings = { ...defaults, ...changed }
      const before = createMixtureWeights(widths, settings, owner)
      before.values.fill(0.3)
      transformOf(before, 'x/y')?.fill(3)
      before.gate.set('x/y', 0.5)
      const after = weightsOfTensors(tensorsOfWeights(before), widths, settings, owner)
      expect(after).toEqual(before)
    }
    const before = filled()
    const after = weightsOfTensors(tensorsOfWeights(before), widths, defaults, owner)
    expect(after.values).toEqual(before.values)
    expect(new Map([...after.transforms].sort())).toEqual(new Map([...before.transforms].sort()))
    expect(new Map([...after.gate].sort())).toEqual(new Map([...before.gate].sort()))
  })

  const tensorsOf = (named: { name: string; shape: number[] }[], value = 0): NamedTensor[] =>
    named.map(one => ({ ...one, values: new Float32Array(one.shape.reduce((a, b) => a * b, 1)).fill(value) }))
  const all = filled().layout.tensors.map(({ name, shape }) => ({ name, shape: [...shape] }))
  const hint = 'was it written for another model, or by another manifest?'
  it.each([
    ['a tensor is missing', tensorsOf(all.slice(1)), `mine: lacks "com/kernel"; ${hint}`],
    [
      'a tensor has another shape',
      tensorsOf([...all.slice(0, 3), { name: 'value/kernel', shape: [2, 3] }]),
      'mine: "value/kernel" is 2×3, not 2×2',
    ],
    [
      'a transform has another shape',
      tensorsOf([...all, { name: 'transform/a', shape: [2, 3] }]),
      'mine: "transform/a" is 2×3, not 3×3',
    ],
    [
      'a tensor is not known',
      tensorsOf([...all, { name: 'more/kernel', shape: [1] }]),
      'mine: has "more/kernel", which',
    ],
    ['a peer has no id', tensorsOf([...all, { name: 'gate/', shape: [1] }]), 'mine: "gate/" names no peer'],
    ['a number is none', tensorsOf(all, Number.NaN), 'mine: holds numbers that are not finite'],
    [
      'there are too many experts',
      tensorsOf([...all, ...Array.from({ length: 2049 }, (_, i) => ({ name: `gate/${i}`, shape: [1] }))]),
      'mine: has more than 2048 experts',
    ],
  ])('are refused where %s', (_, tensors, message) => {
    expect(() => weightsOfTensors(tensors, widths, defaults, owner, 'mine')).toThrow(message)
  })
})
