import type { Tensor3D } from '@tensorflow/tfjs-core'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { denseLayer, denseLayerGradients } from '../../src/learner/backend/kernels/dense-layer.js'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { peerNorms } from '../../src/learner/dense/gradients.js'
import { tf } from '../../src/learner/tensorflow.js'
import { random } from '../../src/random.js'

/*
 * The kernels that we add to the wasm backend or put in place of its own, against plain loops in float64.
 */

beforeAll(async () => {
  await loadWasm()
})

type Shape4 = [number, number, number, number]

function numbers(seed: number, length: number): Float32Array {
  const draw = random(seed, 'kernel test')
  return Float32Array.from({ length }, () => draw.uniform() * 2 - 1)
}

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

function expectClose(actual: ArrayLike<number>, expected: Float64Array): void {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) {
    if (Math.abs(actual[i]! - expected[i]!) > 1e-5 * (1 + Math.abs(expected[i]!))) {
      expect.fail(`number ${i}: ${actual[i]} instead of ${expected[i]}`)
    }
  }
}

const image = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  height: fc.integer({ min: 1, max: 9 }),
  width: fc.integer({ min: 1, max: 9 }),
  channels: fc.integer({ min: 1, max: 4 }),
  rows: fc.integer({ min: 1, max: 5 }),
  columns: fc.integer({ min: 1, max: 5 }),
  strideY: fc.integer({ min: 1, max: 3 }),
  strideX: fc.integer({ min: 1, max: 3 }),
  pad: fc.constantFrom('same' as const, 'valid' as const),
  filters: fc.integer({ min: 1, max: 5 }),
  seed: fc.integer({ min: 0, max: 1e6 }),
})
const fitting = image.filter(i => i.pad === 'same' || (i.rows <= i.height && i.columns <= i.width))

describe('gradients of a convolution', () => {
  it('of filter and input, any shape, stride and padding', () => {
    fc.assert(
      fc.property(
        fitting,
        ({ batch, height, width, channels, rows, columns, strideY, strideX, pad, filters, seed }) => {
          const xShape: Shape4 = [batch, height, width, channels]
          const filterShape: Shape4 = [rows, columns, channels, filters]
          const info = tf.backend_util.computeConv2DInfo(xShape, filterShape, [strideY, strideX], 1, pad)
          const x = numbers(seed, product(xShape))
          const filter = numbers(seed + 1, product(filterShape))
          const dy = numbers(seed + 2, product(info.outShape))

          const dx = new Float64Array(x.length)
          const dFilter = new Float64Array(filter.length)
          for (let n = 0; n < batch; n++)
            for (let oy = 0; oy < info.outHeight; oy++)
              for (let ox = 0; ox < info.outWidth; ox++)
                for (let a = 0; a < rows; a++)
                  for (let b = 0; b < columns; b++) {
                    const iy = oy * strideY - info.padInfo.top + a
                    const ix = ox * strideX - info.padInfo.left + b
                    if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue
                    for (let c = 0; c < channels; c++)
                      for (let k = 0; k < filters; k++) {
                        const at = ((n * height + iy) * width + ix) * channels + c
                        const tap = ((a * columns + b) * channels + c) * filters + k
                        const upstream = dy[((n * info.outHeight + oy) * info.outWidth + ox) * filters + k]!
                        dx[at]! += upstream * filter[tap]!
                        dFilter[tap]! += upstream * x[at]!
                      }
                  }

          const before = tf.memory().numTensors
          tf.tidy(() => {
            const both = tf.grads((a, b) => tf.conv2d(a as never, b as never, [strideY, strideX], pad))
            const [gx, gf] = both([tf.tensor(x, xShape), tf.tensor(filter, filterShape)], tf.tensor(dy, info.outShape))
            expectClose(gx!.dataSync(), dx)
            expectClose(gf!.dataSync(), dFilter)
          })
          expect(tf.memory().numTensors).toBe(before)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('frees what it makes on its way', () => {
    const backend = tf.backend() as unknown as { numDataIds(): number }
    const x = tf.ones([2, 8, 8, 3])
    const filter = tf.ones([3, 3, 3, 4])
    const gradients = tf.grads((a, b) => tf.conv2d(a as never, b as never, 1, 'same'))
    const strided = tf.grads((a, b) => tf.conv2d(a as never, b as never, 2, 'same'))
    const before = backend.numDataIds()
    for (let i = 0; i < 3; i++) {
      tf.dispose(gradients([x, filter]))
      tf.dispose(strided([x, filter]))
      tf.tidy(() => void tf.matMul(tf.ones([3, 50]), tf.ones([60, 50]), false, true))
      tf.tidy(() => void tf.grad(a => tf.maxPool(a as never, 2, 2, 'valid'))(x))
      tf.tidy(() => {
        const kernel: Tensor3D = tf.ones([2, 5, 9])
        const bias: Tensor3D = tf.ones([2, 1, 9])
        const layer = { kernel, bias, rectify: true }
        const input: Tensor3D = tf.ones([2, 6, 5])
        const output = denseLayer(input, layer)
        denseLayerGradients(input, layer, output, output, true)
        tf.fused.matMul({ a: tf.ones([3, 5]), b: tf.ones([5, 4]), bias: tf.ones([4]), activation: 'relu' })
      })
      tf.tidy(() => void tf.gather(x, tf.tensor1d([1, 0, 1], 'int32')))
    }
    expect(backend.numDataIds()).toBe(before)
    tf.dispose([x, filter])
  })
})

describe('gradient of max pooling', () => {
  it('goes to the first of the largest', () => {
    fc.assert(
      fc.property(fitting, ({ batch, height, width, channels, rows, columns, strideY, strideX, pad, seed }) => {
        const xShape: Shape4 = [batch, height, width, channels]
        const info = tf.backend_util.computePool2DInfo(xShape, [rows, columns], [strideY, strideX], 1, pad)
        // Few values, so that there are ties.
        const x = numbers(seed, product(xShape)).map(value => Math.round(value * 3))
        const dy = numbers(seed + 1, product(info.outShape))
        const dx = new Float64Array(x.length)
        for (let n = 0; n < batch; n++)
          for (let oy = 0; oy < info.outHeight; oy++)
            for (let ox = 0; ox < info.outWidth; ox++)
              for (let c = 0; c < channels; c++) {
                let best = -1
                for (let a = 0; a < rows; a++)
                  for (let b = 0; b < columns; b++) {
                    const iy = oy * strideY - info.padInfo.top + a
                    const ix = ox * strideX - info.padInfo.left + b
                    if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue
                    const at = ((n * height + iy) * width + ix) * channels + c
                    if (best < 0 || x[at]! > x[best]!) best = at
                  }
                dx[best]! += dy[((n * info.outHeight + oy) * info.outWidth + ox) * channels + c]!
              }
        tf.tidy(() => {
          const gradient = tf.grad(a => tf.maxPool(a as never, [rows, columns], [strideY, strideX], pad))
          expectClose(gradient(tf.tensor(x, xShape), tf.tensor(dy, info.outShape)).dataSync(), dx)
        })
      }),
      { numRuns: 100 },
    )
  })
})

describe('matrix product', () => {
  it('any shape, either side transposed', () => {
    const size = fc.integer({ min: 1, max: 40 })
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.boolean(),
        fc.boolean(),
        fc.nat(1e6),
        (m, k, n, transposeA, transposeB, seed) => {
          const a = numbers(seed, m * k)
          const b = numbers(seed + 1, k * n)
          const expected = new Float64Array(m * n)
          for (let i = 0; i < m; i++)
            for (let j = 0; j < n; j++)
              for (let l = 0; l < k; l++)
                expected[i * n + j]! += a[transposeA ? l * m + i : i * k + l]! * b[transposeB ? j * k + l : l * n + j]!
          tf.tidy(() => {
            const left = tf.tensor2d(a, transposeA ? [k, m] : [m, k])
            const right = tf.tensor2d(b, transposeB ? [n, k] : [k, n])
            expectClose(tf.matMul(left, right, transposeA, transposeB).dataSync(), expected)
          })
        },
      ),
      { numRuns: 150 },
    )
  })

  it('stacked, and with a single matrix on one side', () => {
    tf.tidy(() => {
      const a = tf.tensor3d(numbers(1, 3 * 2 * 4), [3, 2, 4])
      const b = tf.tensor3d(numbers(2, 3 * 9 * 4), [3, 9, 4])
      const stacked = tf.matMul(a, b, false, true)
      const single = tf
        .unstack(a)
        .map((matrix, i) => tf.matMul(matrix as never, tf.unstack(b)[i]! as never, false, true))
      expectClose(stacked.dataSync(), Float64Array.from(tf.stack(single).dataSync()))
      const shared = tf.matMul(a, tf.slice(b, [0, 0, 0], [1, 9, 4]), false, true)
      expect(shared.shape).toEqual([3, 2, 9])
      expectClose(
        (shared.arraySync() as number[][][])[2]!.flat(),
        Float64Array.from(tf.matMul(tf.unstack(a)[2]! as never, tf.unstack(b)[0]! as never, false, true).dataSync()),
      )
    })
  })
})

describe('dense layer', () => {
  const shapes = fc.record({
    peers: fc.integer({ min: 1, max: 3 }),
    rows: fc.integer({ min: 1, max: 40 }),
    inputs: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 120, max: 300 })),
    outputs: fc.integer({ min: 1, max: 70 }),
    biased: fc.boolean(),
    rectify: fc.boolean(),
    further: fc.boolean(),
    seed: fc.integer({ min: 0, max: 1e6 }),
  })

  it('and its gradients, any shape', () => {
    const property = fc.property(shapes, ({ peers, rows, inputs, outputs, biased, rectify, further, seed }) => {
      const x = numbers(seed, peers * rows * inputs)
      const kernel = numbers(seed + 1, peers * inputs * outputs)
      const bias = numbers(seed + 2, peers * outputs)
      const upstream = numbers(seed + 3, peers * rows * outputs)
      const y = new Float64Array(peers * rows * outputs)
      const [ofX, ofKernel, ofBias] = [x, kernel, bias].map(({ length }) => new Float64Array(length)) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ]
      for (let at = 0; at < y.length; at++) {
        const [peer, row, column] = [Math.floor(at / (rows * outputs)), Math.floor(at / outputs), at % outputs]
        for (let i = 0; i < inputs; i++)
          y[at]! += x[row * inputs + i]! * kernel[(peer * inputs + i) * outputs + column]!
        if (biased) y[at]! += bias[peer * outputs + column]!
        if (rectify) y[at] = Math.max(0, y[at]!)
      }
      // Which outputs are at the floor is a matter of rounding where a sum is as good as 0: those of the kernel count.
      const addGradients = (said: ArrayLike<number>, at: number): void => {
        const [peer, row, column] = [Math.floor(at / (rows * outputs)), Math.floor(at / outputs), at % outputs]
        if (rectify && said[at] === 0) return
        for (let i = 0; i < inputs; i++) {
          ofX[row * inputs + i]! += upstream[at]! * kernel[(peer * inputs + i) * outputs + column]!
          ofKernel[(peer * inputs + i) * outputs + column]! += upstream[at]! * x[row * inputs + i]!
        }
        ofBias[peer * outputs + column]! += upstream[at]!
      }
      tf.tidy(() => {
        const input = tf.tensor3d(x, [peers, rows, inputs])
        const layer = {
          kernel: tf.tensor3d(kernel, [peers, inputs, outputs]),
          bias: biased ? tf.tensor3d(bias, [peers, 1, outputs]) : undefined,
          rectify,
        }
        const output = denseLayer(input, layer)
        const said = output.dataSync()
        expectClose(said, y)
        for (let at = 0; at < y.length; at++) addGradients(said, at)
        const above = tf.tensor3d(upstream, [peers, rows, outputs])
        const gradients = denseLayerGradients(input, layer, output, above, further)
        expectClose(gradients.kernel.dataSync(), ofKernel)
        if (biased) expectClose(gradients.bias!.dataSync(), ofBias)
        else expect(gradients.bias).toBeUndefined()
        if (further) expectClose(gradients.x!.dataSync(), ofX)
        else expect(gradients.x).toBeUndefined()
        expect(above.dataSync()).toEqual(upstream)
      })
    })
    fc.assert(property, { numRuns: 150 })
  })

  it('gives each row the same bits, whatever the rows beside it', () => {
    tf.tidy(() => {
      const kernel = tf.tensor3d(numbers(1, 300 * 13), [1, 300, 13])
      const x = tf.tensor3d(numbers(2, 37 * 300), [1, 37, 300])
      const all = denseLayer(x, { kernel, rectify: false })
      for (const [begin, rows] of [
        [0, 1],
        [3, 5],
        [34, 3],
      ] as const) {
        const some = denseLayer(tf.slice(x, [0, begin, 0], [1, rows, 300]), { kernel, rectify: false })
        expect(some.dataSync()).toEqual(tf.slice(all, [0, begin, 0], [1, rows, 13]).dataSync())
      }
    })
  })

  it('lets what is not a number through', () => {
    tf.tidy(() => {
      const x = tf.tensor3d([Number.NaN, 1, -1], [1, 3, 1])
      const y = denseLayer(x, { kernel: tf.ones([1, 1, 6]), rectify: true })
      expect([...y.dataSync()]).toEqual([...Array(6).fill(Number.NaN), ...Array(6).fill(1), ...Array(6).fill(0)])
    })
  })

  it.each(['linear', 'relu', 'sigmoid'] as const)('fused where no gradient is wanted, activation %s', activation => {
    tf.tidy(() => {
      const a = tf.tensor2d(numbers(1, 5 * 30), [5, 30])
      const b = tf.tensor2d(numbers(2, 30 * 11), [30, 11])
      const bias = tf.tensor1d(numbers(3, 11))
      const sum = tf.add(tf.matMul(a, b), bias)
      const expected = { relu: tf.relu, sigmoid: tf.sigmoid, linear: tf.clone }[activation]
      const fused = tf.fused.matMul({ a, b, bias, activation })
      expectClose(fused.dataSync(), Float64Array.from(expected(sum).dataSync()))
      expectClose(
        tf.fused.matMul({ a: tf.transpose(a), b, bias, transposeA: true }).dataSync(),
        Float64Array.from(sum.dataSync()),
      )
    })
  })
})

describe('norms of peers', () => {
  it('over all tensors, any shape', () => {
    const shapes = fc.record({
      peers: fc.integer({ min: 1, max: 4 }),
      sizes: fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70 })), {
        minLength: 1,
        maxLength: 12,
      }),
      seed: fc.integer({ min: 0, max: 1e6 }),
    })
    const property = fc.property(shapes, ({ peers, sizes, seed }) => {
      const squares = new Float64Array(peers)
      const tensors = sizes.map(([rows, columns], place) => {
        const values = numbers(seed + place, peers * rows * columns)
        for (const [i, value] of values.entries()) squares[Math.floor(i / (rows * columns))]! += value * value
        return tf.tensor3d(values, [peers, rows, columns])
      })
      const norms = peerNorms(tensors)
      expect(norms.shape).toEqual([peers, 1, 1])
      expectClose(norms.dataSync(), squares.map(Math.sqrt))
      tf.dispose([...tensors, norms])
    })
    fc.assert(property, { numRuns: 100 })
  })
})

describe('gather', () => {
  it('takes samples in the order asked for, repeats included', () => {
    tf.tidy(() => {
      const x = tf.tensor4d(numbers(3, 5 * 2 * 3 * 2), [5, 2, 3, 2])
      const taken = tf.gather(x, tf.tensor1d([4, 0, 4], 'int32'))
      expect(taken.shape).toEqual([3, 2, 3, 2])
      const rows = x.arraySync() as number[][][][]
      expect(taken.arraySync()).toEqual([rows[4], rows[0], rows[4]])
      expect([...tf.gather(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor1d([1], 'int32'), 1).dataSync()]).toEqual([2, 4])
      expect(() => tf.gather(x, tf.tensor1d([5], 'int32'))).toThrow('5 of 5 samples')
    })
  })
})
