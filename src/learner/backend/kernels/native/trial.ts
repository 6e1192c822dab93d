import type { Tensor } from '@tensorflow/tfjs-core'
import { tf } from '../../../tensorflow.js'
import type { KernelArguments, NativeKernel } from './operation.js'

/** Tensors by shape, and attributes, for one run of a kernel. */
export interface Trial {
  readonly shapes: Readonly<Record<string, readonly number[]>>
  readonly attrs: KernelArguments['attrs']
}

const x = [2, 5, 4, 3]
const filter = [3, 2, 3, 4]
const dy = [2, 5, 4, 4]
const convolution = { strides: 1, pad: 'same', dataFormat: 'NHWC', dilations: 1 }
const pooling = { filterSize: 2, strides: 2, pad: 'same' }

/** By kernel. Odd sizes, so that axes taken for one another are noticed. */
export const trials = {
  Conv2D: { shapes: { x, filter }, attrs: convolution },
  Conv2DBackpropFilter: { shapes: { x, dy }, attrs: { ...convolution, filterShape: filter } },
  Conv2DBackpropInput: { shapes: { dy, filter }, attrs: { ...convolution, inputShape: x } },
  BatchMatMul: { shapes: { a: [3, 5], b: [4, 5] }, attrs: { transposeA: false, transposeB: true } },
  MaxPool: { shapes: { x }, attrs: pooling },
  MaxPoolGrad: { shapes: { input: x, output: [2, 3, 2, 3], dy: [2, 3, 2, 3] }, attrs: pooling },
} satisfies Readonly<Record<string, Trial>>

/** Whether a kernel runs here and answers as TensorFlow.js' own does. */
export function agrees(kernelName: string, kernel: NativeKernel, { shapes, attrs }: Trial): boolean {
  return tf.tidy(() => {
    try {
      const inputs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, numbers(shape)]))
      const args = { inputs, attrs, backend: tf.backend() } as unknown as KernelArguments
      const original = tf.getKernel(kernelName, 'tensorflow').kernelFunc as unknown as (args: KernelArguments) => Tensor
      // The kernels that are tried return tensors, not bare descriptions of them.
      const ours = kernel(args) as Tensor | undefined
      return ours !== undefined && close(ours, original(args))
    } catch (error) {
      // An operation or attribute that this library does not know: its binding reports the status so.
      if (!(error instanceof Error && error.message.includes('TF_Status'))) throw error
      return false
    }
  })
}

/** Distinct numbers in [-1, 1], in no order. */
function numbers(shape: readonly number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1)
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(1 + i * i)),
    [...shape],
  )
}

function close(a: Tensor, b: Tensor): boolean {
  const expected = b.dataSync()
  return (
    tf.util.arraysEqual(a.shape, b.shape) && a.dataSync().every((value, i) => Math.abs(value - expected[i]!) < 1e-4)
  )
}
