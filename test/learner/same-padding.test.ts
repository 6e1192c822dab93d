import type { Tensor4D } from '@tensorflow/tfjs-core'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { tf } from '../../src/learner/tensorflow.js'
import { random } from '../../src/random.js'

/* Convolutions of the wasm backend, as they are after our kernels, against plain loops. */

beforeAll(async () => {
  await loadWasm()
})

type Shape4 = [number, number, number, number]

const convolution = fc.record({
  height: fc.integer({ min: 1, max: 9 }),
  width: fc.integer({ min: 1, max: 9 }),
  rows: fc.integer({ min: 1, max: 4 }),
  columns: fc.integer({ min: 1, max: 4 }),
  strideY: fc.integer({ min: 1, max: 4 }),
  strideX: fc.integer({ min: 1, max: 4 }),
  seed: fc.integer({ min: 0, max: 1e6 }),
})

const channels = 2
const filters = 3

/** Every output is a sum over the filter's places that lie on the image. */
function byLoops(x: Float32Array, filter: Float32Array, xShape: Shape4, shape: Shape4, info: Info): number[] {
  const { outHeight, outWidth, strideHeight, strideWidth, padInfo } = info
  const [, height, width] = xShape
  const [rows, columns] = shape
  const sums: number[] = []
  for (let y = 0; y < outHeight; y++) {
    for (let at = 0; at < outWidth; at++) {
      for (let out = 0; out < filters; out++) {
        let sum = 0
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < columns; column++) {
            const [inY, inX] = [y * strideHeight + row - padInfo.top, at * strideWidth + column - padInfo.left]
            if (inY < 0 || inY >= height || inX < 0 || inX >= width) continue
            for (let c = 0; c < channels; c++) {
              const weight = filter[((row * columns + column) * channels + c) * filters + out]!
              sum += x[(inY * width + inX) * channels + c]! * weight
            }
          }
        }
        sums.push(sum)
      }
    }
  }
  return sums
}

type Info = ReturnType<typeof tf.backend_util.computeConv2DInfo>

describe('a convolution with padding same', () => {
  it('is its definition, also where the filter is shorter than the stride', () => {
    fc.assert(
      fc.property(convolution, ({ height, width, rows, columns, strideY, strideX, seed }) => {
        const xShape: Shape4 = [1, height, width, channels]
        const shape: Shape4 = [rows, columns, channels, filters]
        const strides: [number, number] = [strideY, strideX]
        const draw = random(seed, 'same padding')
        const numbers = (length: number) => Float32Array.from({ length }, () => draw.uniform() * 2 - 1)
        const x = numbers(height * width * channels)
        const filter = numbers(rows * columns * channels * filters)
        const info = tf.backend_util.computeConv2DInfo(xShape, shape, strides, 1, 'same')
        const expected = byLoops(x, filter, xShape, shape, info)
        tf.tidy(() => {
          const [image, kernel] = [tf.tensor4d(x, xShape), tf.tensor4d(filter, shape)]
          const plain = tf.conv2d(image, kernel, strides, 'same').dataSync()
          const rectified = tf.fused.conv2d({
            x: image,
            filter: kernel,
            strides,
            pad: 'same',
            bias: tf.tensor1d([1, 2, 3]),
            activation: 'relu',
          })
          expect([...plain]).toEqual(expected.map(sum => expect.closeTo(sum, 4)))
          const fused = expected.map((sum, at) => Math.max(0, sum + 1 + (at % filters)))
          expect([...rectified.dataSync()]).toEqual(fused.map(sum => expect.closeTo(sum, 4)))
        })
      }),
      { numRuns: 300 },
    )
  })

  it('of each channel by itself counts the filter’s places on the image', () => {
    const strides: [number, number] = [2, 2]
    const x = tf.ones([1, 6, 6, 2]) as Tensor4D
    const filter = tf.ones([1, 3, 2, 1]) as Tensor4D
    const columns = [3, 3, 2].flatMap(count => [count, count])
    expect([...tf.depthwiseConv2d(x, filter, strides, 'same').dataSync()]).toEqual([...columns, ...columns, ...columns])
  })
})
