import type { backend_util, GradConfig, NamedAttrMap, Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import { tf } from '../tensorflow.js'

/*
 * Gradients that TensorFlow.js (4.22) has otherwise than Keras, whose numbers a user's model is to have.
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

/**
 * Keras' average is over the places inside the image alone, and that is what TensorFlow.js computes. Its gradient, though,
 * divides by the whole window on every backend but the native one: with padding "same" the borders then get too little,
 * by half where a window of two hangs out by one.
 */
const averagePooling: GradConfig = {
  kernelName: 'AvgPool',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => {
    const x = saved[0] as Tensor4D
    const isRight = attrs.pad === 'valid' || tf.getBackend() === 'tensorflow'
    const upstream = (): Tensor => (isRight ? (dy as Tensor) : tf.mul(dy as Tensor, insideOf(x, attrs)))
    return { x: () => tf.engine().runKernel('AvgPoolGrad', { dy: upstream(), input: x }, attrs) }
  },
}

/** Of several that are largest, TensorFlow.js gives each the whole gradient: behind a ReLU, where all may be 0, a multiple. */
const largest: GradConfig = {
  kernelName: 'Max',
  inputsToSave: ['x'],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [x, y] = saved as [Tensor, Tensor]
    const axes = tf.util.parseAxisParam((attrs as unknown as { reductionIndices: number[] }).reductionIndices, x.shape)
    const kept = tf.backend_util.expandShapeToKeepDim(y.shape, axes)
    return {
      x: () => {
        // Not a cast of what is equal: WebGPU leaves its data whole numbers, of which it cannot take the sum.
        const chosen = tf.where(tf.equal(x, tf.reshape(y, kept)), tf.onesLike(x), tf.zerosLike(x))
        const share = tf.div(tf.reshape(dy as Tensor, kept), tf.sum(chosen, axes, true))
        return tf.mul(chosen, share)
      },
    }
  },
}

const seluScale = 1.0507009873554805
const seluAlpha = 1.6732632423543772

/** At 0, where the two branches meet, Keras goes by the upper one; and 0 is what a ReLU or a border of zeros leaves. */
const selu: GradConfig = {
  kernelName: 'Selu',
  inputsToSave: ['x'],
  gradFunc: (dy, saved) => {
    const [x] = saved as [Tensor]
    const below = (): Tensor => tf.mul(tf.exp(tf.minimum(x, 0)), seluScale * seluAlpha)
    return { x: () => tf.mul(dy as Tensor, tf.where(tf.greaterEqual(x, 0), tf.fill(x.shape, seluScale), below())) }
  },
}

/**
 * Puts these gradients in place of TensorFlow.js' own, for all layers. Called for each model: a native package that is
 * loaded in between brings a tfjs-core of its own, which puts its gradients back.
 */
export function installGradients(): void {
  for (const gradient of [averagePooling, largest, selu]) replaceGradient(gradient)
}

/** Registers a gradient, once. Over another one it could be registered too, but that prints a warning. */
export function replaceGradient(gradient: GradConfig): void {
  const { kernelName } = gradient
  const now = tf.getGradient(kernelName) as GradConfig | undefined
  if (now === gradient) return
  if (now !== undefined) tf.unregisterGradient(kernelName)
  tf.registerGradient(gradient)
}
