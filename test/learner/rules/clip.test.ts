import { beforeAll, describe, expect, it } from 'vitest'
import { loadWasm } from '../../../src/learner/backend/wasm.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { aloneAndStacked, steps } from './setting.js'

beforeAll(async () => void (await loadWasm()))

/** Its gradient is (3, 4), wherever. */
const plane = ([y]: readonly unknown[]): never => tf.sum(tf.mul(y as never, tf.tensor1d([3, 4]))) as never

describe('clip', () => {
  it('shortens a gradient to the limit, and keeps its direction', () => {
    const [after] = steps([0, 0], [{ rule: 'clip', limit: 1 }], plane, { learningRate: 0.5 })
    expect(after![0]).toBeCloseTo(-0.5 * 0.6, 6)
    expect(after![1]).toBeCloseTo(-0.5 * 0.8, 6)
  })

  it('leaves a shorter one as it is, to the last bit', () => {
    expect(steps([1, 2], [{ rule: 'clip', limit: 100 }], plane)).toEqual(steps([1, 2], [], plane))
  })

  it('has one norm over all tensors, and of a stack each peer its own', () => {
    const { alone, stacked } = aloneAndStacked(() => [{ rule: 'clip', limit: 0.5 }])
    for (const [peer, values] of alone.entries()) {
      for (const [k, value] of values.entries()) expect(stacked[peer]![k]).toBeCloseTo(value, 6)
    }
  })
})
