import { beforeAll, expect, it } from 'vitest'
import { loadWasm } from '../../../src/learner/backend/wasm.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { aloneAndStacked, steps } from './setting.js'

beforeAll(async () => void (await loadWasm()))

it('weight decay alone shrinks each weight by 1 − η·factor a step', () => {
  const nothing = ([y]: readonly unknown[]): never => tf.sum(tf.mul(y as never, 0)) as never
  const seen = steps([4, -8], [{ rule: 'weightDecay', factor: 0.5 }], nothing, { learningRate: 0.5, count: 2 })
  // Powers of two: exact.
  expect(seen).toEqual([
    [3, -6],
    [2.25, -4.5],
  ])
})

it('weight decay of a stack is each peer’s, to the last bit', () => {
  const { alone, stacked } = aloneAndStacked(() => [{ rule: 'weightDecay', factor: 0.3 }])
  expect(stacked).toEqual(alone)
})
