import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from '../../../tensorflow.js'
import { type Attribute, type KernelArguments, oneDnn, usual } from './operation.js'

/*
 * Max pooling by oneDNN. CPU time in ms, one thread, windows 2×2, batch 32:
 *
 *                 forward          gradient
 *   28×28×32      0.44 → 0.19      5.2 → 1.2
 *   24×24×20      0.43 → 0.16      2.4 → 0.74
 *   14×14×64      0.16 → 0.14      2.3 → 0.49
 */

/** The largest of each window, and which one it was. */
const pooling = '_MklNativeMaxPool'

function settings(
  backend: KernelArguments['backend'],
  x: TensorInfo,
  attrs: KernelArguments['attrs'],
): Attribute[] | undefined {
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo, outShape } = tf.backend_util.computePool2DInfo(
    x.shape as [number, number, number, number],
    attrs.filterSize as number | [number, number],
    attrs.strides as number | [number, number],
    1,
    attrs.pad as Parameters<typeof backend_util.computePool2DInfo>[4],
    attrs.dimRoundingMode as 'floor' | 'round' | 'ceil',
  )
  if ((padInfo.type !== 'SAME' && padInfo.type !== 'VALID') || outShape.includes(0)) return undefined
  return oneDnn(backend, {
    integers: { ksize: [1, filterHeight, filterWidth, 1], strides: [1, strideHeight, strideWidth, 1] },
    strings: { padding: padInfo.type, data_format: 'NHWC' },
  })
}

/** The pooling itself. */
export function maxPool({ inputs, attrs, backend }: KernelArguments): TensorInfo | undefined {
  const x = inputs.x!
  const set = usual(x) ? settings(backend, x, attrs) : undefined
  if (set === undefined) return undefined
  const [largest, places] = backend.executeMultipleOutputs(pooling, set, [x], 2)
  places!.dispose()
  return largest
}

/**
 * Its gradient: each output's goes to the first place in its window that holds the largest value, as TensorFlow does it
 * and our kernel for wasm. oneDNN wants the places that the forward pass found. TensorFlow.js keeps only its numbers, so
 * it is done once more, for a sixth of the cost; what TensorFlow does is that search too, only slowly.
 */
export function maxPoolGradient({ inputs, attrs, backend }: KernelArguments): TensorInfo | undefined {
  const x = inputs.input!
  const dy = inputs.dy!
  const set = usual(x, dy) ? settings(backend, x, attrs) : undefined
  if (set === undefined) return undefined
  const [largest, places] = backend.executeMultipleOutputs(pooling, set, [x], 2)
  try {
    return backend.executeSingleOutput('_MklNativeMaxPoolGrad', set, [x, largest!, dy, places!])
  } finally {
    largest!.dispose()
    places!.dispose()
  }
}
