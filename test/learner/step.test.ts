import { beforeAll, describe, expect, it } from 'vitest'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { globalNorm, perturbation, type StepSettings, trainingStep } from '../../src/learner/step.js'
import { tf } from '../../src/learner/tensorflow.js'
import { random } from '../../src/random.js'
import { referenceMlp, referenceStep } from './reference.js'

const plain: StepSettings = { learningRate: 0.01, momentum: 0, weightDecay: 0, rho: 0, adaptive: false }

beforeAll(async () => {
  await loadWasm()
})

/** F = ½(y₁² + 10y₂²) of ALGORITHMS.md 2, from y = (2, 1). */
function fixtureStep(settings: Partial<StepSettings>): number[] {
  return tf.tidy(() => {
    const y = tf.variable(tf.tensor1d([2, 1]))
    const scale = tf.tensor1d([1, 10])
    trainingStep(
      () => tf.mul(0.5, tf.sum(tf.mul(scale, tf.square(y)))),
      { variables: [y], tracked: [] },
      { ...plain, ...settings },
    )
    const values = [...y.dataSync()]
    y.dispose()
    return values
  })
}

function deltaAt(adaptive: boolean): number[] {
  return tf.tidy(() => {
    const [delta] = perturbation([tf.tensor1d([2, 10])], [tf.tensor1d([2, 1])], 0.1, adaptive)
    return [...delta!.dataSync()]
  })
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(actual[i]! - value), `number ${i}`).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value)))
  }
}

describe('the fixtures of ALGORITHMS.md 2', () => {
  it('SAM', () => {
    expectClose(deltaAt(false), [0.019612, 0.098058], 1e-6)
    expectClose(fixtureStep({ rho: 0.1 }), [1.979804, 0.890194], 1e-6)
  })

  it('ASAM', () => {
    expectClose(deltaAt(true), [0.074278, 0.092848], 1e-6)
    expectClose(fixtureStep({ rho: 0.1, adaptive: true }), [1.979257, 0.890715], 1e-6)
  })

  it('without a radius the step is plain gradient descent', () => {
    expectClose(fixtureStep({}), [2 - 0.01 * 2, 1 - 0.01 * 10], 1e-7)
  })
})

describe('a step against the same in float64', () => {
  const cases: Record<string, Partial<StepSettings>> = {
    SGD: {},
    'SGD, momentum, weight decay': { momentum: 0.9, weightDecay: 0.01 },
    'SGD, clipped': { clip: 0.05 },
    SAM: { rho: 0.05 },
    'SAM, momentum, weight decay, clipped': { rho: 0.1, momentum: 0.9, weightDecay: 0.01, clip: 0.5 },
    ASAM: { rho: 0.5, adaptive: true },
    'ASAM, momentum': { rho: 0.5, adaptive: true, momentum: 0.9 },
  }
  for (const [name, settings] of Object.entries(cases)) {
    it(name, () => {
      const sizes = [5, 7, 3] as const
      const draw = random(1, 'step test')
      const numbers = (length: number): number[] => Array.from({ length }, () => draw.uniform() * 2 - 1)
      const start = numbers(5 * 7 + 7 + 7 * 3 + 3)
      const all = { ...plain, learningRate: 0.1, ...settings }

      const shapes = [[5, 7], [7], [7, 3], [3]]
      let at = 0
      const variables = shapes.map(shape => {
        const size = shape.reduce((a, b) => a * b, 1)
        const variable = tf.variable(tf.tensor(Float32Array.from(start.slice(at, at + size)), shape))
        at += size
        return variable
      })
      const velocity = variables.map(variable => tf.variable(tf.zerosLike(variable), false))
      let expected = start.map(Math.fround)
      let expectedVelocity = expected.map(() => 0)

      for (let step = 0; step < 6; step++) {
        const inputs = Array.from({ length: 4 }, () => numbers(5).map(Math.fround))
        const labels = inputs.map(() => draw.integer(3))
        const [w1, b1, w2, b2] = variables
        const loss = trainingStep(
          () => {
            const hidden = tf.tanh(tf.add(tf.matMul(tf.tensor2d(inputs), w1!), b1!))
            const logits = tf.add(tf.matMul(hidden, w2!), b2!)
            return tf.losses.softmaxCrossEntropy(tf.oneHot(labels, 3), logits)
          },
          { variables, tracked: [], velocity },
          all,
        )
        const objective = (at: readonly number[]) => referenceMlp(at, sizes, inputs, labels)
        expectClose(loss.dataSync(), [objective(expected).loss], 1e-5)
        loss.dispose()
        const moved = referenceStep(objective, expected, expectedVelocity, all)
        expected = moved.values
        expectedVelocity = moved.velocity
      }
      expectClose(
        variables.flatMap(variable => [...variable.dataSync()]),
        expected,
        2e-5,
      )
      tf.dispose([variables, velocity])
    })
  }
})

describe('SAM', () => {
  it('P5 the perturbation has length ρ over all tensors, and y comes back to the last bit', () => {
    const draw = random(2, 'perturbation test')
    const tensor = (shape: number[]) =>
      tf.tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draw.uniform() - 0.3),
        shape,
      )
    const shapes = [[784, 200], [200], [200, 10], [10], [3, 3, 8, 16]]
    const gradients = shapes.map(tensor)
    for (const rho of [1e-3, 0.05, 2]) {
      const delta = perturbation(gradients, gradients, rho, false)
      const squares = delta.map(part => [...part.dataSync()].reduce((sum, x) => sum + x * x, 0))
      const length = Math.sqrt(squares.reduce((a, b) => a + b, 0))
      expect(Math.abs(length - rho) / rho).toBeLessThan(1e-5)
      tf.dispose(delta)
    }

    const y = tf.variable(tensor([784, 200]))
    const held = Float32Array.from(y.dataSync())
    let calls = 0
    let seen = held
    const loss = trainingStep(
      () => {
        if (calls++ === 1) seen = Float32Array.from(y.dataSync())
        return tf.sum(tf.square(y))
      },
      { variables: [y], tracked: [] },
      // No step at all: what is left in y is what SAM put back.
      { ...plain, learningRate: 0, rho: 0.7 },
    )
    expect(calls).toBe(2)
    const moved = seen.reduce((sum, value, i) => sum + (value - held[i]!) ** 2, 0)
    expect(Math.abs(Math.sqrt(moved) - 0.7)).toBeLessThan(1e-4)
    expect(Buffer.from(y.dataSync().slice().buffer).equals(Buffer.from(held.buffer))).toBe(true)
    tf.dispose([y, loss, gradients])
  })

  it('P3 radius zero passes once and gives the bits of plain SGD', () => {
    const run = (settings: StepSettings): { values: number[]; calls: number } => {
      let calls = 0
      const y = tf.variable(tf.tensor1d([0.3, -0.7, 1.1]))
      for (let i = 0; i < 5; i++) {
        trainingStep(
          () => {
            calls++
            return tf.sum(tf.exp(y))
          },
          { variables: [y], tracked: [] },
          settings,
        ).dispose()
      }
      const values = [...y.dataSync()]
      y.dispose()
      return { values, calls }
    }
    const zero = run({ ...plain, rho: 0, adaptive: true })
    expect(zero).toEqual(run(plain))
    expect(zero.calls).toBe(5)
    expect(run({ ...plain, rho: 0.1 }).calls).toBe(10)
  })

  it('moves running statistics once a step', () => {
    const y = tf.variable(tf.scalar(1))
    const statistic = tf.variable(tf.scalar(0), false)
    trainingStep(
      () => {
        statistic.assign(tf.add(statistic, y))
        return tf.square(y) as never
      },
      { variables: [y], tracked: [statistic] },
      { ...plain, rho: 0.5 },
    ).dispose()
    // A second pass left in would have added 1 + 0.5 more; put back too far, it would be 0.
    expect(statistic.dataSync()[0]).toBe(1)
    tf.dispose([y, statistic])
  })
})

describe('tensors', () => {
  it('100 steps leave none behind', () => {
    const variables = [tf.variable(tf.ones([4, 3])), tf.variable(tf.zeros([3]))]
    const velocity = variables.map(variable => tf.variable(tf.zerosLike(variable), false))
    const before = tf.memory()
    for (let step = 0; step < 100; step++) {
      trainingStep(
        () => tf.mean(tf.square(tf.add(tf.matMul(tf.ones([2, 4]), variables[0]! as never), variables[1]!))),
        { variables, tracked: [], velocity },
        { ...plain, rho: 0.1, momentum: 0.9, weightDecay: 0.1, clip: 1 },
      ).dispose()
    }
    expect(tf.memory().numTensors).toBe(before.numTensors)
    expect(tf.memory().numBytes).toBe(before.numBytes)
    tf.dispose([variables, velocity])
  })

  it('the norm of 400,000 numbers is right to 1e-5', () => {
    const values = Float32Array.from({ length: 400_000 }, (_, i) => Math.sin(i) / 10)
    const expected = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0))
    const norm = tf.tidy(() => globalNorm([tf.tensor2d(values, [800, 500])]).dataSync()[0]!)
    expect(Math.abs(norm - expected) / expected).toBeLessThan(1e-5)
  })
})
