import type { Tensor4D } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { HeadActivation, HeadLayer } from '../../src/learner/index.js'
import { tf } from '../../src/learner/tensorflow.js'
import { geometryOf } from '../../src/mixture/geometry.js'
import { runHeads, stackHeads } from '../../src/mixture/head.js'
import { random } from '../../src/random.js'
import { layoutOf } from '../../src/tensors/index.js'
import type { PresentBackend } from '../learner/backends.js'
import { denseHead, expectClose, numbers, readableBackends } from './nets.js'

let backends: PresentBackend[] = []
beforeAll(async () => {
  backends = await readableBackends()
}, 120_000)

const conv = (name: string, activation: HeadActivation, strides: [number, number] = [1, 1]): HeadLayer => ({
  kind: 'conv2d',
  name,
  kernel: `${name}/kernel`,
  bias: `${name}/bias`,
  strides,
  padding: 'same',
  activation,
})

const mapLayout = layoutOf([
  { name: 'a/kernel', shape: [3, 3, 2, 4] },
  { name: 'a/bias', shape: [4] },
  { name: 'b/kernel', shape: [3, 3, 4, 3] },
  { name: 'b/bias', shape: [3] },
])
const mapLayers = [conv('a', 'tanh'), conv('b', 'linear')]

/** Convolution with padding "same" and stride 1, one number at a time. */
function convolve(x: number[][][], kernel: Float32Array, bias: Float32Array, inputs: number): number[][][] {
  const outputs = bias.length
  return x.map((row, h) =>
    row.map((_, w) =>
      Array.from({ length: outputs }, (_, out) => {
        let sum = bias[out]!
        for (let i = 0; i < 3; i++)
          for (let j = 0; j < 3; j++)
            for (let c = 0; c < inputs; c++) {
              const value = x[h + i - 1]?.[w + j - 1]?.[c] ?? 0
              sum += value * kernel[((i * 3 + j) * inputs + c) * outputs + out]!
            }
        return sum
      }),
    ),
  )
}

describe('a head of convolutions', () => {
  it('runs for several heads as the formula says, on all backends', async () => {
    const draw = random(1, 'head test')
    const [height, width] = [4, 5]
    const heads = [numbers(draw, mapLayout.size), numbers(draw, mapLayout.size)]
    const inputs = numbers(draw, 2 * height * width * 2)
    const expected = heads.flatMap((head, n) => {
      const part = (place: number): Float32Array => {
        const { offset, size } = mapLayout.tensors[place]!
        return head.subarray(offset, offset + size)
      }
      const start = n * height * width * 2
      const x = Array.from({ length: height }, (_, h) =>
        Array.from({ length: width }, (_, w) => [0, 1].map(c => inputs[start + (h * width + w) * 2 + c]!)),
      )
      const hidden = convolve(x, part(0), part(1), 2).map(row => row.map(places => places.map(Math.tanh)))
      return convolve(hidden, part(2), part(3), 4).flat(2)
    })
    for (const backend of backends) {
      await backend.select()
      const before = tf.memory().numTensors
      const stack = stackHeads(mapLayout, heads)
      const values = tf.tidy(() => {
        const x = tf.tensor(inputs.slice(), [2, 1, height, width, 2])
        const out = runHeads(mapLayers, stack, x)
        expect(out.shape).toEqual([2, 1, height, width, 3])
        return out.dataSync()
      })
      expectClose(values, expected, 1e-5, backend.name)
      tf.dispose([...stack.values()])
      expect(tf.memory().numTensors).toBe(before)
    }
  })

  it('passes gradients to its features as one head after another would', async () => {
    const draw = random(2, 'head test')
    const heads = [0, 1, 2].map(() => numbers(draw, mapLayout.size))
    const inputs = numbers(draw, 3 * 2 * 4 * 4 * 2)
    for (const backend of backends) {
      await backend.select()
      const gradientOf = (count: number, first: number): number[] =>
        tf.tidy(() => {
          const stack = stackHeads(mapLayout, heads.slice(first, first + count))
          const length = 2 * 4 * 4 * 2
          const x = tf.tensor(inputs.slice(first * length, (first + count) * length), [count, 2, 4, 4, 2])
          return [
            ...tf
              .grad(v => tf.sum(tf.square(runHeads(mapLayers, stack, v))))(x)
              .dataSync(),
          ]
        })
      expectClose(
        gradientOf(3, 0),
        [0, 1, 2].flatMap(first => gradientOf(1, first)),
        1e-4,
        backend.name,
      )
    }
  })
})

describe('a head', () => {
  const activations: HeadActivation[] = [
    'linear',
    'relu',
    'relu6',
    'elu',
    'selu',
    'sigmoid',
    'softplus',
    'softsign',
    'tanh',
    'swish',
    'softmax',
  ]
  it.each(activations)('knows the activation %s as TensorFlow.js does, and its gradient', async activation => {
    const { layers } = await import('../../src/learner/tensorflow.js')
    const values = [-7, -1.5, -0.3, 0.2, 0.9, 6.5]
    for (const backend of backends) {
      await backend.select()
      const [ours, theirs] = tf.tidy(() => {
        const x = tf.tensor(values, [1, 2, 3])
        const layer = layers.layers.activation({ activation: activation as never })
        const own = (v: typeof x) => runHeads([{ kind: 'activation', name: 'a', activation }], new Map(), v)
        const other = (v: typeof x) => layer.apply(v) as typeof x
        const both = (f: (v: typeof x) => unknown) => [
          ...(f(x) as typeof x).dataSync(),
          ...tf
            .grad(v => tf.sum(tf.square(f(v as never) as typeof x)))(x)
            .dataSync(),
        ]
        return [both(own), both(other)]
      })
      expectClose(ours, theirs, 1e-6, `${activation} on ${backend.name}`)
    }
  })

  it('flattens maps after a convolution', async () => {
    const layout = layoutOf([
      { name: 'a/kernel', shape: [3, 3, 2, 4] },
      { name: 'a/bias', shape: [4] },
      { name: 'out/kernel', shape: [16, 2] },
    ])
    const layers: HeadLayer[] = [
      conv('a', 'relu', [2, 2]),
      { kind: 'flatten', name: 'flat' },
      { kind: 'dense', name: 'out', kernel: 'out/kernel', activation: 'linear' },
    ]
    const draw = random(3, 'head test')
    const heads = [numbers(draw, layout.size), numbers(draw, layout.size)]
    const inputs = numbers(draw, 2 * 3 * 4 * 4 * 2)
    for (const backend of backends) {
      await backend.select()
      tf.tidy(() => {
        const x = tf.tensor(inputs.slice(), [2, 3, 4, 4, 2])
        const out = runHeads(layers, stackHeads(layout, heads), x)
        expect(out.shape).toEqual([2, 3, 2])
        for (const [n, head] of heads.entries()) {
          const kernel = tf.tensor(head.slice(0, 72), [3, 3, 2, 4]) as Tensor4D
          const map = tf.conv2d(tf.squeeze(tf.slice(x, n, 1), [0]) as Tensor4D, kernel, [2, 2], 'same')
          const hidden = tf.relu(tf.add(map, tf.tensor(head.slice(72, 76))))
          const expected = tf.matMul(tf.reshape(hidden, [3, 16]), tf.tensor(head.slice(76), [16, 2]))
          expectClose(tf.slice(out, n, 1).dataSync(), [...expected.dataSync()], 1e-5)
        }
      })
    }
  })
})

describe('the geometry of a head', () => {
  it('of vectors', () => {
    const { layout, layers } = denseHead(6, 4, 3)
    expect(geometryOf({ featureShape: [6], head: layers }, layout)).toEqual({
      featureShape: [6],
      layers,
      widths: { features: 6, outputs: 3 },
      places: 1,
    })
  })

  it('of maps', () => {
    expect(geometryOf({ featureShape: [4, 5, 2], head: mapLayers }, mapLayout)).toMatchObject({
      widths: { features: 2, outputs: 3 },
      places: 20,
    })
  })

  it('refuses predictions that are maps of another size', () => {
    expect(() =>
      geometryOf({ featureShape: [4, 4, 2], head: [conv('a', 'relu', [2, 2]), conv('b', 'linear')] }, mapLayout),
    ).toThrow('model: layer "a" of the head changes the size of maps')
  })
})
