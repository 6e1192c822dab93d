import { beforeAll, describe, expect, it } from 'vitest'
import { loadWasm } from '../../../src/learner/backend/wasm.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { aloneAndStacked, peerSize, steps } from './setting.js'

beforeAll(async () => void (await loadWasm()))

/** F = ½(y − 8)². */
const bowl = ([y]: readonly unknown[]): never => tf.mul(0.5, tf.sum(tf.square(tf.sub(y as never, 8)))) as never

describe('proximal', () => {
  it('y ← y − η(g + μ(y − to)), by hand', () => {
    const rule = { rule: 'proximal', to: Float32Array.of(4), factor: 2 } as const
    // From 0: g = −8, μ(y − to) = −8; y = 0 + ¼·16 = 4. From 4: g = −4, 0; y = 4 + ¼·4 = 5. From 5: −3 + 2; y = 5.25.
    expect(steps([0], [rule], bowl, { learningRate: 0.25, count: 3 })).toEqual([[4], [5], [5.25]])
  })

  it('FedProx: descends F + μ/2·‖y − to‖², whose minimum lies between', () => {
    const rule = { rule: 'proximal', to: Float32Array.of(0), factor: 3 } as const
    // (8 + 3·0)/(1 + 3) = 2.
    expect(steps([7], [rule], bowl, { learningRate: 0.1, count: 60 }).at(-1)![0]).toBeCloseTo(2, 5)
  })

  it('with a factor of 0 gives the bits of plain SGD', () => {
    const rule = { rule: 'proximal', to: Float32Array.of(0.3), factor: 0 } as const
    expect(steps([0.1], [rule], bowl, { count: 5 })).toEqual(steps([0.1], [], bowl, { count: 5 }))
  })

  it('is each peer’s own in a stack, to the last bit', () => {
    const { alone, stacked } = aloneAndStacked(peer => [
      {
        rule: 'proximal',
        to: Float32Array.from({ length: peerSize }, (_, k) => Math.cos(k + 3 * peer)),
        factor: 0.7,
      },
    ])
    expect(stacked).toEqual(alone)
  })

  it('to a head leaves the body alone', () => {
    const loss = ([w, b]: readonly unknown[]): never =>
      tf.mul(0, tf.add(tf.sum(w as never), tf.sum(b as never))) as never
    const rule = { rule: 'proximal', to: Float32Array.of(1, 1), start: 2, factor: 1 } as const
    const options = { shapes: [[2], [2]], learningRate: 0.5 }
    expect(steps([1, 2, 3, 5], [rule], loss, options)).toEqual([[1, 2, 2, 3]])
  })
})
