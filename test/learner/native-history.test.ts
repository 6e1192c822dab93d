import { beforeAll, describe, expect, it } from 'vitest'
import { tf } from '../../src/learner/tensorflow.js'
import { random } from '../../src/random.js'
import { type PresentBackend, presentBackends } from './backends.js'

// Read when TensorFlow is loaded: a processor without AVX-512, where turned vectors are added up in another order.
process.env.ONEDNN_MAX_CPU_ISA = 'AVX2'

const native = (await presentBackends()).find(({ name }) => name === 'node') as PresentBackend

describe.skipIf(native === undefined)('a product’s last bits', () => {
  beforeAll(() => native.select())

  const lengths = [3, 10, 16, 36, 48, 64, 100]
  for (const [name, shapes] of Object.entries({
    'a single one': [1, 2],
    'a stacked one': [4, 3],
  } as const)) {
    const [count, rank] = shapes
    it(`do not depend on products before it: ${name}`, () => {
      for (const length of lengths) {
        const draw = random(length, 'native history')
        const numbers = Float32Array.from({ length: count * length }, () => draw.uniform())
        const row = tf.tensor(numbers, rank === 2 ? [1, length] : [count, 1, length])
        const column = tf.reshape(row, rank === 2 ? [length, 1] : [count, length, 1])
        // The first decides what is kept for sizes that no other product of this process has.
        const turned = [tf.matMul(row, row, false, true), tf.matMul(column, column, true, false)]
        const asItLies = tf.matMul(row, column)
        for (const each of turned) expect(each.dataSync()).toEqual(asItLies.dataSync())
      }
    })
  }

  it('are those of a stack of another height', () => {
    for (const length of lengths) {
      const draw = random(length, 'native heights')
      const numbers = Float32Array.from({ length: 5 * length }, () => draw.uniform())
      const row = tf.tensor3d(numbers, [5, 1, length])
      const turned = tf.matMul(row, row, false, true).dataSync()
      const first = tf.slice(row, 0, 1)
      const alone = tf.matMul(first, tf.reshape(first, [1, length, 1])).dataSync()
      expect(alone[0]).toBe(turned[0])
    }
  })
})
