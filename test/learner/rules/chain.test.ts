import type { Scalar } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadWasm } from '../../../src/learner/backend/wasm.js'
import { Chain } from '../../../src/learner/rules/chain.js'
import { ruleBook } from '../../../src/learner/rules/index.js'
import type { Rule } from '../../../src/learner/rules/rule.js'
import type { RuleSpec } from '../../../src/learner/rules/spec.js'
import { tapeGradients } from '../../../src/learner/tape.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { random } from '../../../src/random.js'
import { referenceMlp, referenceStep } from './reference.js'
import { flat, steps, weightsFrom } from './setting.js'

beforeAll(async () => void (await loadWasm()))

const sam = (rho: number, adaptive = false): RuleSpec => ({ rule: 'sam', rho, adaptive })
const clip = (limit: number): RuleSpec => ({ rule: 'clip', limit })
const weightDecay: RuleSpec = { rule: 'weightDecay', factor: 0.01 }
const momentum: RuleSpec = { rule: 'momentum', factor: 0.9 }

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(actual[i]! - value), `number ${i}`).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value)))
  }
}

describe('a chain against the same in float64', () => {
  const cases: Record<string, RuleSpec[]> = {
    SGD: [],
    'SGD, momentum, weight decay': [weightDecay, momentum],
    'SGD, clipped': [clip(0.05)],
    SAM: [sam(0.05)],
    'SAM, momentum, weight decay, clipped': [sam(0.1), clip(0.5), weightDecay, momentum],
    ASAM: [sam(0.5, true)],
    'ASAM, momentum': [sam(0.5, true), momentum],
  }
  for (const [name, rules] of Object.entries(cases)) {
    it(name, () => {
      const sizes = [5, 7, 3] as const
      const draw = random(1, 'step test')
      const numbers = (length: number): number[] => Array.from({ length }, () => draw.uniform() * 2 - 1)
      const start = numbers(5 * 7 + 7 + 7 * 3 + 3)
      const weights = weightsFrom(start, [[5, 7], [7], [7, 3], [3]])
      const chain = new Chain({ weights, rules: [rules], learningRate: 0.1, book: ruleBook() })
      const [w1, b1, w2, b2] = weights.variables
      let expected = start.map(Math.fround)
      let velocity = expected.map(() => 0)
      for (let step = 0; step < 6; step++) {
        const inputs = Array.from({ length: 4 }, () => numbers(5).map(Math.fround))
        const labels = inputs.map(() => draw.integer(3))
        const loss = (): Scalar => {
          const hidden = tf.tanh(tf.add(tf.matMul(tf.tensor2d(inputs), w1!), b1!))
          const logits = tf.add(tf.matMul(hidden, w2!), b2!)
          return tf.losses.softmaxCrossEntropy(tf.oneHot(labels, 3), logits)
        }
        const seen = tf.tidy(() => chain.step(weights, tapeGradients(loss, weights.variables))[0]!.dataSync())
        const objective = (at: readonly number[]) => referenceMlp(at, sizes, inputs, labels)
        expectClose(seen, [objective(expected).loss], 1e-5)
        const moved = referenceStep(objective, expected, velocity, rules, 0.1)
        expected = moved.values
        velocity = moved.velocity
      }
      expectClose(flat(weights.variables), expected, 2e-5)
      chain.dispose()
      tf.dispose([...weights.variables])
    })
  }
})

describe('a chain', () => {
  const line = ([y]: readonly unknown[]): Scalar => tf.sum(y as never)

  it('applies its rules in their order', () => {
    const by = Float32Array.of(3)
    const correction = { rule: 'correction', by } as const
    const options = { learningRate: 1 }
    // Clipped before it is corrected, a gradient of 1 stays; after, the 4 becomes 2.
    expect(steps([0], [clip(2), correction], line, options)).toEqual([[-4]])
    expect(steps([0], [correction, clip(2)], line, options)).toEqual([[-2]])
  })

  it('takes rules of another module, by their names', () => {
    const sign: Rule<{ readonly rule: 'test/sign' }> = {
      name: 'test/sign',
      update: (_, updates, { learningRate }) => updates.map(update => tf.mul(tf.sign(update), learningRate)),
    }
    const options = { learningRate: 0.5, foreign: [sign] }
    expect(steps([10, -3], [{ rule: 'test/sign' }], y => tf.sum(tf.square(y[0]!)), options)).toEqual([[9.5, -2.5]])
    expect(() => ruleBook([sign, sign])).toThrow('two rules of one name')
    expect(() => steps([1], [{ rule: 'test/sign' }], line)).toThrow('this worker has no rule "test/sign"')
  })

  it('leaves no tensor behind in 100 steps, and none of its own at the end', () => {
    const weights = weightsFrom(Array(15).fill(1), [[4, 3], [3]])
    const before = tf.memory()
    const by = new Float32Array(15)
    const rules: RuleSpec[] = [
      sam(0.1),
      clip(1),
      weightDecay,
      momentum,
      { rule: 'correction', by },
      { rule: 'proximal', to: by, factor: 1 },
    ]
    const chain = new Chain({ weights, rules: [rules], learningRate: 0.1, book: ruleBook() })
    const [w, b] = weights.variables
    const loss = (): Scalar => tf.mean(tf.square(tf.add(tf.matMul(tf.ones([2, 4]), w as never), b!)))
    const { numTensors } = tf.memory()
    for (let step = 0; step < 100; step++) {
      tf.tidy(() => void chain.step(weights, tapeGradients(loss, weights.variables)))
    }
    expect(tf.memory().numTensors).toBe(numTensors)
    chain.dispose()
    expect(tf.memory().numTensors).toBe(before.numTensors)
    expect(tf.memory().numBytes).toBe(before.numBytes)
    tf.dispose([...weights.variables])
  })
})
