import { expect, it } from 'vitest'
import { joined, matched } from '../../src/audit/matched.js'
import { type Samples, sharedLabels, sharedNumbers } from '../../src/data/index.js'
import { HearsayError } from '../../src/errors.js'

/** Each sample's one input is its place. */
function samplesOf(labels: readonly number[], from = 0): Samples {
  const [inputs, own] = [sharedNumbers(labels.length), sharedLabels(labels.length)]
  own.set(labels)
  for (let i = 0; i < labels.length; i++) inputs[i] = from + i
  return { inputs, labels: own, size: labels.length }
}

const counted = ({ labels }: Samples): number[] => [0, 1].map(k => labels.filter(label => label === k).length)
const mine = {
  samples: samplesOf([...Array(30).fill(0), ...Array(5).fill(1)]),
  subjects: Uint32Array.from({ length: 35 }, (_, i) => i >> 1),
}
const theirs = { samples: samplesOf([...Array(8).fill(0), ...Array(40).fill(1)], 100) }

it('takes as many of each class on both sides, each once, with its subject', () => {
  const { members, others, size } = matched(mine, theirs, 1000, 1)
  expect([size, counted(members.samples), counted(others.samples)]).toEqual([13, [8, 5], [8, 5]])
  expect(new Set(members.samples.inputs).size).toBe(13)
  expect([...members.samples.inputs].map(place => place >> 1)).toEqual([...members.subjects!])
  expect(others.subjects).toBeUndefined()
})

it('takes no more than are asked for, the same for a seed', () => {
  const of = (seed: number): number[] => [...matched(mine, theirs, 6, seed).members.samples.inputs]
  expect(of(1)).toHaveLength(6)
  expect(of(1)).toEqual(of(1))
  expect(of(1)).not.toEqual(of(2))
})

it('refuses what is too little to say anything', () => {
  expect(() => matched(mine, { samples: samplesOf([1, 1]) }, 1000, 1)).toThrow(HearsayError)
  expect(() => matched(mine, { samples: samplesOf([1, 1]) }, 1000, 1)).toThrow(
    /^there are 2 records.*needs 10.*data\.testShare/,
  )
})

it('joins one behind the other', () => {
  const { inputs, labels, size } = joined(samplesOf([1, 0]), samplesOf([1], 7))
  expect([[...inputs], [...labels], size]).toEqual([[0, 1, 7], [1, 0, 1], 3])
})
