import { describe, expect, it } from 'vitest'
import { Desk } from '../../../src/learner/backend/desk.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { presentBackends } from '../backends.js'

const backends = await presentBackends()

describe.each(backends)('what lies on the desk, on $name', ({ name, select }) => {
  // Native TensorFlow shares an array that begins at a multiple of 64 bytes, which one in four does.
  it.each([1, 7, 64, 784, 25_000, 1_000_000])(
    'is copied before the next is written there: %i numbers',
    async length => {
      await select()
      for (let turn = 0; turn < 8; turn++) {
        // Of its own each turn: where an array begins is chance.
        const desk = new Desk()
        const first = desk.tensor([length], values => void values.fill(turn))
        const second = desk.tensor([length], values => void values.fill(-1))
        expect(new Set(await first.data())).toEqual(new Set([turn]))
        expect(new Set(await second.data())).toEqual(new Set([-1]))
        tf.dispose([first, second])
      }
    },
  )

  it.runIf(name === 'node' || name === 'wasm')('is one array for small and large', async () => {
    await select()
    const desk = new Desk()
    const buffers = new Set<ArrayBufferLike>()
    for (const rows of [100, 1, 100, 99]) {
      desk.tensor([rows, 10], values => void buffers.add(values.fill(0).buffer)).dispose()
    }
    expect(buffers.size).toBe(1)
  })

  it('leaves no tensors', async () => {
    await select()
    const before = tf.memory().numTensors
    const desk = new Desk()
    desk.tensor([2, 3], values => void values.fill(1)).dispose()
    expect(tf.memory().numTensors).toBe(before)
  })
})
