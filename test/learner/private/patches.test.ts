import type { Tensor4D } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { composedPatches, patchesOf, type Window } from '../../../src/learner/backend/kernels/patches.js'
import { tf } from '../../../src/learner/tensorflow.js'
import { random } from '../../../src/random.js'
import { type PresentBackend, presentBackends } from '../backends.js'

let backends: PresentBackend[] = []
beforeAll(async () => {
  backends = await presentBackends()
}, 120_000)

/** What a filter sees, number by number. */
function byLoop(values: Float32Array, shape: Tensor4D['shape'], { size, strides, padding }: Window): number[] {
  const [records, height, width, channels] = shape
  const [filter, step] = [size, strides]
  const info = tf.backend_util.computeConv2DInfo(shape, [...filter, channels, 1], [...step], 1, padding)
  const found: number[] = []
  for (let n = 0; n < records; n++)
    for (let y = 0; y < info.outHeight; y++)
      for (let across = 0; across < info.outWidth; across++)
        for (let tapY = 0; tapY < filter[0]; tapY++)
          for (let tapX = 0; tapX < filter[1]; tapX++)
            for (let c = 0; c < channels; c++) {
              const row = y * step[0] + tapY - info.padInfo.top
              const column = across * step[1] + tapX - info.padInfo.left
              const isInside = row >= 0 && row < height && column >= 0 && column < width
              found.push(isInside ? values[((n * height + row) * width + column) * channels + c]! : 0)
            }
  return found
}

describe('what a filter sees at each place', () => {
  const draw = random(8, 'patches')
  for (let turn = 0; turn < 12; turn++) {
    const side = (most: number) => 1 + draw.integer(most)
    const size = [side(4), side(4)] as const
    const window: Window = {
      size,
      strides: [side(3), side(3)],
      padding: draw.integer(2) === 0 ? 'same' : 'valid',
    }
    const shape: [number, number, number, number] = [
      side(3),
      size[0] + draw.integer(5),
      size[1] + draw.integer(5),
      side(3),
    ]
    it(`is the same on all backends, and by operations: ${window.padding} ${size} by ${window.strides} on ${shape}`, async () => {
      for (const backend of backends) {
        await backend.select()
        const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, draw.uniform)
        const expected = byLoop(values, shape, window)
        const [patches, composed] = tf.tidy(() => {
          const x = tf.tensor4d(values, shape)
          return [patchesOf(x, window), composedPatches(x, window)]
        })
        expect([...(await patches.data())]).toEqual(expected)
        // TensorFlow.js' convolution on wasm (4.22) answers zeros for "same" with a filter smaller than its stride.
        if (backend.name !== 'wasm') expect([...(await composed.data())]).toEqual(expected)
        tf.dispose([patches, composed])
      }
    })
  }
})
