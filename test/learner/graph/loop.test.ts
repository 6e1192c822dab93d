import { beforeAll, describe, expect, it } from 'vitest'
import { graphBackend } from '../../../src/learner/graph/binding.js'
import { loopOf } from '../../../src/learner/graph/loop.js'
import { load } from '../../../src/learner/graph/program.js'
import { record } from '../../../src/learner/graph/recording.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { presentBackends } from '../backends.js'

const native = (await presentBackends()).find(({ name }) => name === 'node')

describe.skipIf(native === undefined)('a loop of recorded steps', () => {
  beforeAll(() => native!.select())

  /** x ← x·0.5 + the row of the step, with a second tensor that never changes; its figure is x's sum before the step. */
  function recordStep(): ReturnType<typeof record> {
    const backend = graphBackend()
    const given = [tf.tensor1d([0, 0]), tf.tensor1d([1, 1]), tf.scalar(0, 'int32'), tf.zeros([1, 2])]
    const [x, still, at, rows] = given as [ReturnType<typeof tf.tensor1d>, ...typeof given]
    return record(backend, backend.getInputTensorIds(given), () => {
      const next = tf.add(tf.mul(tf.mul(x, still!), 0.5), tf.gather(rows!, at as never))
      return backend.getInputTensorIds([next, still!, tf.sum(x)])
    })
  }
  const shapes = { state: [[2], [2]], feeds: [{ shape: [1, 2], isWhole: false }], figures: [[]] }

  it.each([1, 3])('takes %i steps, each with its own feed, and sums up their figures', steps => {
    tf.tidy(() => {
      const backend = graphBackend()
      const recording = recordStep()!
      const loop = loopOf(backend.binding, recording, shapes)
      expect(loop.changed).toEqual([0])
      const program = load(backend, loop)
      const rows = tf.tensor2d(Array.from({ length: steps }, (_, step) => [step + 1, 10 * step]))
      const floats = recording.constants.filter(({ values }) => values instanceof Float32Array)
      const inputs = [tf.tensor1d([2, 4]), tf.tensor1d([1, 1]), tf.scalar(100), rows]
      const constants = floats.map(({ values, shape }) => tf.tensor(values, [...shape]))
      const [x, sum] = program.run(steps, backend.getInputTensorIds([...inputs, ...constants]))
      let expected = [2, 4]
      let total = 100
      for (let step = 0; step < steps; step++) {
        total += expected[0]! + expected[1]!
        expected = [expected[0]! / 2 + step + 1, expected[1]! / 2 + 10 * step]
      }
      expect([...x!.dataSync()]).toEqual(expected)
      expect(sum!.dataSync()[0]).toBe(total)
      program.dispose()
    })
  })

  it('is refused for a setting that has no place in a graph', () => {
    const { binding } = graphBackend()
    const settings = [{ name: 'odd', type: 99, value: 1 }]
    const operations = [{ name: 'Relu', settings, inputs: ['given0'], dtype: undefined }]
    const recording = { operations, constants: [], results: ['step0', 'given1', 'step0'] }
    expect(() => loopOf(binding, recording, shapes)).toThrow(RangeError)
  })

  it('throws when the library does not take it, and leaves no file behind', () => {
    const backend = graphBackend()
    const operations = [{ name: 'NoSuchOperation', settings: [], inputs: ['given0'], dtype: undefined }]
    const loop = loopOf(backend.binding, { operations, constants: [], results: ['step0', 'given1', 'step0'] }, shapes)
    expect(() => load(backend, loop)).toThrow('Failed to load SavedModel')
  })

  it('is recorded with the binding put back, whatever happens in the step', () => {
    const backend = graphBackend()
    const { binding } = backend
    expect(() =>
      record(backend, [], () => {
        throw new Error('in the step')
      }),
    ).toThrow('in the step')
    expect(backend.binding).toBe(binding)
  })
})
