import type { backend_util, GradConfig, NamedAttrMap, Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import { tf } from '../tensorflow.js'

/*
 * The gradient of average pooling. Keras' average is over the places inside the image alone, and that is what
 * TensorFlow.js (4.22) computes. Its gradient, though, divides by the whole window on every backend but the native one:
 * with padding "same" the borders then get too little, by half where a window of two hangs out by one.
 */

/** Makes of a gradient divided by the whole window one divided by the places inside: [1, height, width, 1]. */
function insideOf(x: Tensor4D, { filterSize, strides, pad }: NamedAttrMap): Tensor4D {
  const info = tf.backend_util.computePool2DInfo(
    x.shape,
    filterSize as number | [number, number],
    strides as number | [number, number],
    1,
    pad as Parameters<typeof backend_util.computePool2DInfo>[4],
  )
  const { outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info
  const shares = (places: number, stride: number, before: number, window: number, length: number): number[] =>
    Array.from({ length: places }, (_, place) => {
      const start = place * stride - before
      return window / (Math.min(length, start + window) - Math.max(0, start))
    })
  const down = shares(outHeight, strideHeight, padInfo.top, filterHeight, info.inHeight)
  const across = shares(outWidth, strideWidth, padInfo.left, filterWidth, info.inWidth)
  return tf.tensor4d(
    down.flatMap(row => across.map(column => row * column)),
    [1, outHeight, outWidth, 1],
  )
}

let installed = false

/** Puts the gradient in place of TensorFlow.js' own, for all layers. May be called twice. */
export function installAveragePooling(): void {
  if (installed) return
  installed = true
  const gradient: GradConfig = {
    kernelName: 'AvgPool',
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attrs) => {
      const x = saved[0] as Tensor4D
      const isRight = attrs.pad === 'valid' || tf.getBackend() === 'tensorflow'
      const upstream = (): Tensor => (isRight ? (dy as Tensor) : tf.mul(dy as Tensor, insideOf(x, attrs)))
      return { x: () => tf.engine().runKernel('AvgPoolGrad', { dy: upstream(), input: x }, attrs) }
    },
  }
  // Registering over the old one works too, but prints a warning.
  tf.unregisterGradient('AvgPool')
  tf.registerGradient(gradient)
}
