import { beforeAll, expect, it } from 'vitest'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { globalNorm } from '../../src/learner/norm.js'
import { tf } from '../../src/learner/tensorflow.js'

beforeAll(async () => void (await loadWasm()))

it('the norm of 400,000 numbers is right to 1e-5', () => {
  const values = Float32Array.from({ length: 400_000 }, (_, i) => Math.sin(i) / 10)
  const expected = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0))
  const norm = tf.tidy(() => globalNorm([tf.tensor2d(values, [800, 500])]).dataSync()[0]!)
  expect(Math.abs(norm - expected) / expected).toBeLessThan(1e-5)
})
