import { beforeAll, describe, expect, it } from 'vitest'
import { type Binding, graphBackend } from '../../../src/learner/graph/binding.js'
import type { Program } from '../../../src/learner/graph/program.js'
import { Programs } from '../../../src/learner/graph/programs.js'
import { type Recording, record } from '../../../src/learner/graph/recording.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { presentBackends } from '../backends.js'

const native = (await presentBackends()).find(({ name }) => name === 'node')

describe.skipIf(native === undefined)('programs of recorded steps', () => {
  beforeAll(() => native!.select())

  /** x ← x/2, of another length for each kind of step. */
  function recordStep(length: number): Recording {
    const backend = graphBackend()
    const given = [tf.zeros([length]), tf.scalar(0, 'int32')]
    const ids = backend.getInputTensorIds(given)
    const recording = record(backend, ids, () => {
      given.push(tf.mul(given[0]!, 0.5))
      return backend.getInputTensorIds(given.slice(-1))
    })
    tf.dispose(given)
    return recording!
  }

  /** Which graphs the library holds while some work is done, and which kinds of steps are recorded a second time for it. */
  function watched(work: (programOf: (length: number) => Program | undefined, seen: number[]) => void): Set<number> {
    const backend = graphBackend()
    const { binding } = backend
    const held = new Set<number>()
    const watch: Partial<Binding> = {
      loadSavedModel(folder, tags) {
        const model = binding.loadSavedModel(folder, tags)
        held.add(model)
        return model
      },
      deleteSavedModel(model) {
        held.delete(model)
        binding.deleteSavedModel(model)
      },
    }
    backend.binding = new Proxy({} as Binding, { get: (_, key) => Reflect.get(key in watch ? watch : binding, key) })
    const programs = new Programs()
    const again: number[] = []
    try {
      work(length => {
        const shapes = { state: [[length]], feeds: [], figures: [] }
        return programs.of(recordStep(length), shapes, () => {
          again.push(length)
          return recordStep(length)
        })
      }, again)
      expect(held.size).toBe(16)
    } finally {
      programs.dispose()
      backend.binding = binding
    }
    return held
  }

  it('are sixteen at most: the one that was not used for longest is freed', () => {
    const held = watched((programOf, again) => {
      const first = Array.from({ length: 16 }, (_, i) => programOf(i + 1))
      expect(again).toHaveLength(16)
      expect(new Set(first).size).toBe(16)
      expect(programOf(1)).toBe(first[0])
      programOf(17)
      expect(programOf(1)).toBe(first[0])
      expect(again).toHaveLength(17)
      expect(programOf(2)).not.toBe(first[1])
      expect(again.slice(16)).toEqual([17, 2])
    })
    expect(held.size).toBe(0)
  })
})
