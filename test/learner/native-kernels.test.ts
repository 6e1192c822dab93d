import type { KernelFunc, Tensor, Tensor4D, TensorInfo } from '@tensorflow/tfjs-core'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { conv2d, conv2dFilterGradient, conv2dInputGradient } from '../../src/learner/backend/kernels/native/conv2d.js'
import { completeNative } from '../../src/learner/backend/kernels/native/index.js'
import { matMul } from '../../src/learner/backend/kernels/native/matmul.js'
import { maxPool, maxPoolGradient } from '../../src/learner/backend/kernels/native/pool.js'
import { agrees, trials } from '../../src/learner/backend/kernels/native/trial.js'
import { loadNative } from '../../src/learner/backend/native.js'
import { tf } from '../../src/learner/tensorflow.js'
import { random } from '../../src/random.js'

/*
 * The kernels that we put before those of tfjs-node, against those.
 */

type Shape = number[]

const absent = await (async () => {
  const reasons: string[] = []
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const) {
    try {
      await loadNative(name, 1, false)
      return undefined
    } catch (error) {
      reasons.push(error instanceof Error ? error.message.split('\n', 1)[0]! : String(error))
    }
  }
  return reasons.join('; ')
})()
if (absent !== undefined) console.warn(`native kernels are not tested: ${absent}`)
const foreign = process.arch !== 'x64' || process.env.TF_ENABLE_ONEDNN_OPTS === '0'
if (foreign) console.warn('oneDNN kernels are not tested: they are for x64, without TF_ENABLE_ONEDNN_OPTS=0')

const names = [...Object.keys(trials), 'Reshape', 'Cast', 'GatherV2']
const originals = new Map<string, KernelFunc>()
let replaced: readonly string[] = []
beforeAll(() => {
  if (absent !== undefined) return
  for (const name of names) originals.set(name, tf.getKernel(name, 'tensorflow').kernelFunc)
  replaced = completeNative()
})

function run(kernel: KernelFunc, inputs: object, attrs: object): Tensor {
  return kernel({ inputs: inputs as never, attrs: attrs as never, backend: tf.backend() }) as Tensor
}

/** The kernel that is in use now and the one that was, on the same tensors. */
function expectAgreement(name: string, inputs: Readonly<Record<string, Tensor>>, attrs: object): void {
  const actual = run(tf.getKernel(name, 'tensorflow').kernelFunc, inputs, attrs)
  const expected = run(originals.get(name)!, inputs, attrs)
  expect(actual.shape).toEqual(expected.shape)
  const values = actual.dataSync<'float32'>()
  const wanted = expected.dataSync<'float32'>()
  // Relative to the whole tensor: single numbers near zero are sums in which all digits cancel.
  const scale = wanted.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1)
  for (let i = 0; i < wanted.length; i++) {
    const error = Math.abs(values[i]! - wanted[i]!)
    if (!(error <= 1e-5 * scale)) expect.fail(`${name} number ${i}: ${values[i]} instead of ${wanted[i]}`)
  }
}

function numbers(seed: number, shape: Shape): Tensor {
  const draw = random(seed, 'native kernel test')
  const length = shape.reduce((a, b) => a * b, 1)
  return tf.tensor(
    Float32Array.from({ length }, () => draw.uniform() * 2 - 1),
    shape,
  )
}

const image = fc
  .record({
    batch: fc.integer({ min: 1, max: 5 }),
    height: fc.integer({ min: 1, max: 13 }),
    width: fc.integer({ min: 1, max: 13 }),
    // 130: beyond where the filter gradient goes other ways.
    channels: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 20 }), fc.constantFrom(33, 64, 130)),
    rows: fc.integer({ min: 1, max: 5 }),
    columns: fc.integer({ min: 1, max: 5 }),
    strideY: fc.integer({ min: 1, max: 3 }),
    strideX: fc.integer({ min: 1, max: 3 }),
    pad: fc.constantFrom('same' as const, 'valid' as const),
    filters: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(64)),
    seed: fc.nat(1e6),
  })
  .filter(i => i.pad === 'same' || (i.rows <= i.height && i.columns <= i.width))

describe.skipIf(absent !== undefined || foreign)('kernels of oneDNN', () => {
  it('are all in use', () => {
    expect([...replaced].sort()).toEqual([...names].sort())
    expect(completeNative()).toBe(replaced)
  })

  it('convolution and its gradients, any shape, stride and padding', () => {
    fc.assert(
      fc.property(image, ({ batch, height, width, channels, rows, columns, strideY, strideX, pad, filters, seed }) => {
        const inputShape: [number, number, number, number] = [batch, height, width, channels]
        const filterShape: [number, number, number, number] = [rows, columns, channels, filters]
        const info = tf.backend_util.computeConv2DInfo(inputShape, filterShape, [strideY, strideX], 1, pad)
        tf.tidy(() => {
          const x = numbers(seed, inputShape)
          const filter = numbers(seed + 1, filterShape)
          const dy = numbers(seed + 2, info.outShape)
          const attrs = { strides: [strideY, strideX], pad, dataFormat: 'NHWC', dilations: 1 }
          expectAgreement('Conv2D', { x, filter }, attrs)
          expectAgreement('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape })
          expectAgreement('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape })
        })
      }),
      { numRuns: 150 },
    )
  })

  // oneDNN's own gave other numbers there, on processors with AVX-512 for neural networks.
  it('an output one place wide, from steps of more than one place', () => {
    for (const pad of ['same', 'valid'] as const) {
      const attrs = { strides: [1, 3], pad, dataFormat: 'NHWC', dilations: 1 }
      tf.tidy(() => {
        expectAgreement('Conv2D', { x: numbers(1, [4, 5, 3, 1]), filter: numbers(2, [2, 3, 1, 6]) }, attrs)
      })
    }
  })

  // oneDNN's own gave other numbers there, on processors with AVX-512.
  it('the input gradient of channels that fill no block, of filters of one place, of single channels', () => {
    for (const [channels, size, filters] of [
      [33, 1, 64],
      [48, 3, 8],
      [130, 3, 4],
      [320, 1, 32],
      [1, 3, 1],
    ] as const) {
      for (const stride of [1, 2]) {
        const inputShape: [number, number, number, number] = [2, 6, 6, channels]
        const filterShape: [number, number, number, number] = [size, size, channels, filters]
        const { outShape } = tf.backend_util.computeConv2DInfo(inputShape, filterShape, stride, 1, 'same')
        const attrs = { strides: stride, pad: 'same', dataFormat: 'NHWC', dilations: 1, inputShape }
        tf.tidy(() => {
          expectAgreement('Conv2DBackpropInput', { dy: numbers(1, outShape), filter: numbers(2, filterShape) }, attrs)
        })
      }
    }
  })

  // oneDNN's own wrote beyond its memory there, and the process ended a little later.
  it('filters smaller than their stride leave other memory alone', () => {
    const inputShape = [4, 6, 6, 3]
    const filterShape = [1, 1, 3, 3]
    const attrs = { strides: [2, 2], pad: 'same', dataFormat: 'NHWC', dilations: 1, filterShape }
    for (let i = 0; i < 200; i++) {
      tf.tidy(() => {
        expectAgreement('Conv2DBackpropFilter', { x: numbers(i, inputShape), dy: numbers(i, [4, 3, 3, 3]) }, attrs)
        for (let size = 1; size < 50; size += 5) tf.add(tf.ones([size]), 1).dataSync()
      })
    }
  })

  it('max pooling; of equal numbers the first has the gradient', () => {
    fc.assert(
      fc.property(image, ({ batch, height, width, channels, rows, columns, strideY, strideX, pad, seed }) => {
        const shape: [number, number, number, number] = [batch, height, width, channels]
        const info = tf.backend_util.computePool2DInfo(shape, [rows, columns], [strideY, strideX], 1, pad)
        tf.tidy(() => {
          // Few values, so that there are ties.
          const input = tf.round(tf.mul(numbers(seed, shape), 3))
          const attrs = { filterSize: [rows, columns], strides: [strideY, strideX], pad }
          expectAgreement('MaxPool', { x: input }, attrs)
          const output = run(originals.get('MaxPool')!, { x: input }, attrs)
          expectAgreement('MaxPoolGrad', { dy: numbers(seed + 1, info.outShape), input, output }, attrs)
        })
      }),
      { numRuns: 150 },
    )
  })

  it('matrix product: any shape, either side transposed, stacked, one matrix for a whole stack', () => {
    const size = fc.integer({ min: 1, max: 70 })
    const stack = fc.constantFrom<[Shape, Shape]>([[], []], [[1], [1]], [[3], [3]], [[3], [1]], [[1], [4]])
    fc.assert(
      fc.property(
        fc.record({ m: size, k: size, n: size, stack, transposeA: fc.boolean(), transposeB: fc.boolean() }),
        fc.nat(1e6),
        ({ m, k, n, stack: [left, right], transposeA, transposeB }, seed) => {
          tf.tidy(() => {
            const a = numbers(seed, [...left, ...(transposeA ? [k, m] : [m, k])])
            const b = numbers(seed + 1, [...right, ...(transposeB ? [n, k] : [k, n])])
            expectAgreement('BatchMatMul', { a, b }, { transposeA, transposeB })
          })
        },
      ),
      { numRuns: 150 },
    )
  })

  it('leave what they are not written for', () => {
    tf.tidy(() => {
      const backend = tf.backend()
      const call = (kernel: (args: never) => TensorInfo | undefined, inputs: object, attrs: object) =>
        kernel({ inputs, attrs, backend } as never)
      const attrs = { strides: 1, pad: 'same', dataFormat: 'NHWC', dilations: 1 }
      const x = tf.ones([1, 6, 6, 2])
      const filter = tf.ones([3, 3, 2, 4])
      const padded = [
        [0, 0],
        [2, 1],
        [0, 0],
        [0, 0],
      ]
      expect(call(conv2d, { x, filter }, { ...attrs, dilations: 2 })).toBeUndefined()
      expect(call(conv2d, { x, filter }, { ...attrs, pad: padded })).toBeUndefined()
      expect(call(conv2d, { x, filter }, { ...attrs, dataFormat: 'NCHW' })).toBeUndefined()
      const none = tf.zeros([0, 6, 6, 2])
      expect(call(conv2d, { x: none, filter }, attrs)).toBeUndefined()
      expect(
        call(conv2dFilterGradient, { x: none, dy: tf.zeros([0, 6, 6, 4]) }, { ...attrs, filterShape: filter.shape }),
      ).toBeUndefined()
      expect(
        call(conv2dInputGradient, { dy: tf.zeros([0, 6, 6, 4]), filter }, { ...attrs, inputShape: none.shape }),
      ).toBeUndefined()
      expect(call(matMul, { a: tf.zeros([0, 3]), b: tf.ones([3, 2]) }, {})).toBeUndefined()
      expect(call(matMul, { a: tf.ones([2, 3], 'int32'), b: tf.ones([3, 2], 'int32') }, {})).toBeUndefined()
      const pooling = { filterSize: 2, strides: 2, pad: 'valid' }
      expect(call(maxPool, { x: tf.ones([1, 4, 4, 1], 'int32') }, pooling)).toBeUndefined()
      expect(call(maxPoolGradient, { input: none, dy: tf.zeros([0, 3, 3, 2]) }, pooling)).toBeUndefined()
      // The whole way then ends in TensorFlow's own.
      const dilated: Tensor = tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, 'same', 'NHWC', 2)
      expect(dilated.shape).toEqual([1, 6, 6, 4])
      expect(tf.matMul(tf.zeros([0, 3]), tf.ones([3, 2])).shape).toEqual([0, 2])
    })
  })

  it('are not taken when they fail or answer differently', () => {
    expect(agrees('BatchMatMul', matMul, trials.BatchMatMul)).toBe(true)
    const unknown = (): never => {
      throw new Error('Invalid TF_Status: 5\nMessage: Op type not registered')
    }
    expect(agrees('BatchMatMul', unknown, trials.BatchMatMul)).toBe(false)
    const mistaken = (): never => {
      throw new TypeError('a bug')
    }
    expect(() => agrees('BatchMatMul', mistaken, trials.BatchMatMul)).toThrow('a bug')
    expect(agrees('BatchMatMul', () => tf.zeros([3, 4]), trials.BatchMatMul)).toBe(false)
    expect(agrees('BatchMatMul', () => undefined, trials.BatchMatMul)).toBe(false)
  })
})

describe.skipIf(absent !== undefined)('native kernels', () => {
  it('hand on what a reshape or a cast leaves as it is, and it lives until its last holder lets go', () => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2])
    const same = tf.reshape(x, [2, 2])
    const other = tf.reshape(x, [4])
    const cast = tf.cast(x, 'float32')
    const whole = tf.cast(x, 'int32')
    expect(same.dataId).toBe(x.dataId)
    expect(cast.dataId).toBe(x.dataId)
    expect([other.shape, whole.dtype]).toEqual([[4], 'int32'])
    x.dispose()
    expect([...same.dataSync()]).toEqual([1, 2, 3, 4])
    same.dispose()
    expect([...tf.tidy(() => tf.add(cast, 1)).dataSync()]).toEqual([2, 3, 4, 5])
    tf.dispose([other, cast, whole])
  })

  it('free what they make on their way', () => {
    const x = numbers(1, [2, 8, 8, 130])
    const filter = numbers(2, [3, 3, 130, 4])
    const narrow = numbers(3, [2, 8, 8, 3])
    const narrowFilter = numbers(4, [3, 3, 3, 4])
    const backend = tf.backend() as unknown as { numDataIds(): number }
    const step = (): void => {
      for (const stride of [1, 2]) {
        const gradients = tf.grads((a, b) => tf.conv2d(a as never, b as never, stride, 'same'))
        tf.dispose([gradients([x, filter]), gradients([narrow, narrowFilter])])
      }
      tf.tidy(() => void tf.grad(a => tf.maxPool(a as never, 2, 2, 'valid'))(narrow))
      tf.tidy(() => void tf.matMul(tf.ones([3, 50]), tf.ones([60, 50]), false, true))
    }
    step()
    const before = [backend.numDataIds(), tf.memory().numTensors, tf.memory().numBytes]
    for (let i = 0; i < 3; i++) step()
    expect([backend.numDataIds(), tf.memory().numTensors, tf.memory().numBytes]).toEqual(before)
    tf.dispose([x, filter, narrow, narrowFilter])
  })
})
