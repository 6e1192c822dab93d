import type { Scalar } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadWasm } from '../../../src/learner/backend/wasm.js'
import { globalNorm } from '../../../src/learner/norm.js'
import { Chain } from '../../../src/learner/rules/chain.js'
import { ruleBook } from '../../../src/learner/rules/index.js'
import { perturbation } from '../../../src/learner/rules/sam.js'
import type { RuleSpec } from '../../../src/learner/rules/spec.js'
import { tapeGradients } from '../../../src/learner/tape.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { random } from '../../../src/random.js'
import { aloneAndStacked, steps, weightsFrom } from './setting.js'

beforeAll(async () => void (await loadWasm()))

const sam = (rho: number, adaptive = false): RuleSpec => ({ rule: 'sam', rho, adaptive })

/** F = ½(y₁² + 10y₂²) of ALGORITHMS.md 2. */
const fixture = ([y]: readonly unknown[]): Scalar =>
  tf.mul(0.5, tf.sum(tf.mul(tf.tensor1d([1, 10]), tf.square(y as never)))) as Scalar

function deltaAt(adaptive: boolean): number[] {
  return tf.tidy(() => {
    const weights = { variables: [tf.tensor1d([2, 1])], norm: globalNorm }
    return [...perturbation([tf.tensor1d([2, 10])], weights, 0.1, adaptive)[0]!.dataSync()]
  })
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length)
  for (const [i, value] of expected.entries()) expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(1e-6)
}

describe('the fixtures of ALGORITHMS.md 2', () => {
  it('SAM', () => {
    expectClose(deltaAt(false), [0.019612, 0.098058])
    expectClose(steps([2, 1], [sam(0.1)], fixture, { learningRate: 0.01 })[0]!, [1.979804, 0.890194])
  })

  it('ASAM', () => {
    expectClose(deltaAt(true), [0.074278, 0.092848])
    expectClose(steps([2, 1], [sam(0.1, true)], fixture, { learningRate: 0.01 })[0]!, [1.979257, 0.890715])
  })
})

describe('SAM', () => {
  it('P5 the perturbation has length ρ over all tensors, and y comes back to the last bit', () => {
    const draw = random(2, 'perturbation test')
    const numbers = (count: number) => Float32Array.from({ length: count }, () => draw.uniform() - 0.3)
    const shapes = [[784, 200], [200], [200, 10], [10], [3, 3, 8, 16]]
    const gradients = shapes.map(shape => tf.tensor(numbers(shape.reduce((a, b) => a * b, 1)), shape))
    for (const rho of [1e-3, 0.05, 2]) {
      const delta = tf.tidy(() => perturbation(gradients, { variables: gradients, norm: globalNorm }, rho, false))
      const squares = delta.map(part => [...part.dataSync()].reduce((sum, x) => sum + x * x, 0))
      const length = Math.sqrt(squares.reduce((a, b) => a + b, 0))
      expect(Math.abs(length - rho) / rho).toBeLessThan(1e-5)
      tf.dispose(delta)
    }
    tf.dispose(gradients)

    const held = [...numbers(784 * 200)]
    let calls = 0
    let seen = held
    const loss = ([y]: readonly { dataSync(): ArrayLike<number> }[]): Scalar => {
      if (calls++ === 1) seen = Array.from(y!.dataSync())
      return tf.sum(tf.square(y as never))
    }
    // No step at all: what is left in y is what SAM put back.
    const [after] = steps(held, [sam(0.7)], loss, { learningRate: 0, shapes: [[784, 200]] })
    expect(calls).toBe(2)
    const moved = seen.reduce((sum, value, i) => sum + (value - held[i]!) ** 2, 0)
    expect(Math.abs(Math.sqrt(moved) - 0.7)).toBeLessThan(1e-4)
    expect(after).toEqual(held)
  })

  it('P3 radius zero gives the bits of plain SGD', () => {
    const loss = ([y]: readonly unknown[]): Scalar => tf.sum(tf.exp(y as never))
    const start = [0.3, -0.7, 1.1]
    expect(steps(start, [sam(0, true)], loss, { count: 5 })).toEqual(steps(start, [], loss, { count: 5 }))
  })

  it('moves running statistics once a step', () => {
    const statistic = tf.variable(tf.scalar(0), false)
    const weights = { ...weightsFrom([1], [[]]), tracked: [statistic] }
    const chain = new Chain({ weights, rules: [[sam(0.5)]], learningRate: 0.01, book: ruleBook() })
    const [y] = weights.variables
    const loss = (): Scalar => {
      statistic.assign(tf.add(statistic, y!))
      return tf.square(y!) as Scalar
    }
    tf.tidy(() => void chain.step(weights, tapeGradients(loss, weights.variables)))
    // A second pass left in would have added 1 + 0.5 more; put back too far, it would be 0.
    expect(statistic.dataSync()[0]).toBe(1)
    tf.dispose([y!, statistic])
  })

  it('of a stack has a radius for each peer', () => {
    const { alone, stacked } = aloneAndStacked(() => [sam(0.5, true)])
    for (const [peer, values] of alone.entries()) {
      for (const [k, value] of values.entries()) expect(stacked[peer]![k]).toBeCloseTo(value, 6)
    }
  })
})
