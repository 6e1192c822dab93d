import { beforeAll, describe, expect, it } from 'vitest'
import { loadWasm } from '../../../src/learner/backend/wasm.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { aloneAndStacked, peerSize, steps } from './setting.js'

beforeAll(async () => void (await loadWasm()))

/** F = ½Σ a(y − b)²: its gradient is a(y − b). */
const bowl =
  (a: number[], b: number[]) =>
  ([y]: readonly unknown[]): never =>
    tf.mul(0.5, tf.sum(tf.mul(tf.tensor1d(a), tf.square(tf.sub(y as never, tf.tensor1d(b)))))) as never

describe('correction', () => {
  it('y ← y − η(g + by), by hand', () => {
    const by = Float32Array.of(1, -2)
    const seen = steps([2, 1], [{ rule: 'correction', by }], bowl([1, 2], [0, 0]), { learningRate: 0.5, count: 2 })
    // (2, 1) − ½((2, 2) + (1, −2)) = (0.5, 1), and again (0.5, 1) − ½((0.5, 2) + (1, −2)) = (−0.25, 1).
    expect(seen).toEqual([
      [0.5, 1],
      [-0.25, 1],
    ])
  })

  it('y ← y − η(g + factor·by), by hand', () => {
    const by = Float32Array.of(2, -4)
    const seen = steps([2, 1], [{ rule: 'correction', by, factor: 0.5 }], bowl([1, 2], [0, 0]), { learningRate: 0.5 })
    expect(seen).toEqual([[0.5, 1]])
  })

  it('of zeros gives the bits of plain SGD', () => {
    const loss = bowl([1, 3], [0.3, 0.7])
    const zeros = steps([0.1, 0.2], [{ rule: 'correction', by: new Float32Array(2) }], loss, { count: 5 })
    expect(zeros).toEqual(steps([0.1, 0.2], [], loss, { count: 5 }))
  })

  it('SCAFFOLD: with each peer’s own gradient there as control, the common optimum does not move', () => {
    // F₁ = ½(y − 4)², F₂ = ½·3·(y + 4)²: the mean is least at y = −2, where the gradients are −6 and 6, their mean 0.
    for (const [a, b] of [
      [1, 4],
      [3, -4],
    ] as const) {
      const own = a * (-2 - b)
      const seen = steps([-2], [{ rule: 'correction', by: Float32Array.of(0 - own) }], bowl([a], [b]), { count: 4 })
      expect(seen).toEqual([[-2], [-2], [-2], [-2]])
      // Without it each goes its own way.
      expect(steps([-2], [], bowl([a], [b]))[0]).not.toEqual([-2])
    }
  })

  it('is each peer’s own in a stack, to the last bit', () => {
    const { alone, stacked } = aloneAndStacked(peer => [
      { rule: 'correction', by: Float32Array.from({ length: peerSize }, (_, k) => Math.cos(k + 3 * peer)) },
    ])
    expect(stacked).toEqual(alone)
    expect(alone[0]).not.toEqual(alone[1])
  })

  it('of a head leaves the body alone', () => {
    const loss = ([w, b]: readonly unknown[]): never =>
      tf.mul(0, tf.add(tf.sum(w as never), tf.sum(b as never))) as never
    const options = { shapes: [[2], [2]], learningRate: 1 }
    const correction = { rule: 'correction', by: Float32Array.of(5, 6), start: 2 } as const
    expect(steps([1, 2, 3, 4], [correction], loss, options)).toEqual([[1, 2, -2, -2]])
  })

  it('is refused where it does not fit', () => {
    const loss = ([w, b]: readonly unknown[]): never => tf.add(tf.sum(w as never), tf.sum(b as never)) as never
    const before = tf.memory().numTensors
    const momentum = { rule: 'momentum', factor: 0.5 } as const
    for (const [length, start] of [
      [3, 0],
      [2, 1],
      [5, 0],
      [2, 3],
    ] as const) {
      const by = new Float32Array(length)
      expect(() =>
        steps([1, 2, 3, 4], [momentum, { rule: 'correction', by, start }], loss, { shapes: [[2], [2]] }),
      ).toThrow(/vector of \d numbers from/)
      // What the rule in front made is freed.
      expect(tf.memory().numTensors).toBe(before)
    }
    expect(() =>
      aloneAndStacked(peer => [{ rule: 'correction', by: new Float32Array(peer === 0 ? 12 : peerSize) }]),
    ).toThrow('differ in length or start')
  })
})
