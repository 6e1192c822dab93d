import { beforeAll, expect, it } from 'vitest'
import { loadWasm } from '../../../src/learner/backend/wasm.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { aloneAndStacked, steps } from './setting.js'

beforeAll(async () => void (await loadWasm()))

it('momentum adds up a constant gradient as a geometric series, from zero', () => {
  const slope = ([y]: readonly unknown[]): never => tf.sum(y as never) as never
  const seen = steps([0], [{ rule: 'momentum', factor: 0.5 }], slope, { learningRate: 1, count: 4 })
  // v = 1, 1.5, 1.75, 1.875.
  expect(seen).toEqual([[-1], [-2.5], [-4.25], [-6.125]])
})

it('momentum of a stack is each peer’s, to the last bit', () => {
  const { alone, stacked } = aloneAndStacked(() => [{ rule: 'momentum', factor: 0.9 }])
  expect(stacked).toEqual(alone)
})
