import type { backend_util, Tensor, TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from '../../../tensorflow.js'
import { type Attribute, type KernelArguments, oneDnn, usual } from './operation.js'

/*
 * Convolution and its gradients by oneDNN. CPU time in ms, one thread, batch 32, AVX2; TensorFlow's own → these, and
 * PyTorch's (the better of its two layouts):
 *
 *                                   forward                filter                 input
 *   28×28×1,  32 filters 5×5        3.5 →  1.0   1.0       5.4 →  1.4   0.9       never computed
 *   14×14×32, 64 filters 5×5        7.8 →  6.3   7.5       15  →  11    10        9.2 →  6.1   7.8
 *   32×32×64, 64 filters 3×3        29  →  26    27        70  →  65    52        33  →  27    28
 *   8×8×256, 256 filters 3×3        33  →  28    24        46  →  46    42        68  →  31    26
 *   8×8×256, 512 filters 3×3 by 2   20  →  17    13        19  →  17    27        232 →  21    17
 *   4×4×512, 512 filters 3×3        44  →  33    34        48  →  37    74        500 →  32    35
 */

type Shape4 = [number, number, number, number]

function geometry(
  xShape: readonly number[],
  filterShape: readonly number[],
  attrs: KernelArguments['attrs'],
): backend_util.Conv2DInfo | undefined {
  if (attrs.dataFormat !== undefined && attrs.dataFormat !== 'NHWC') return undefined
  const info = tf.backend_util.computeConv2DInfo(
    xShape as Shape4,
    filterShape as Shape4,
    attrs.strides as number | [number, number],
    (attrs.dilations ?? 1) as number | [number, number],
    attrs.pad as Parameters<typeof backend_util.computeConv2DInfo>[4],
    attrs.dimRoundingMode as 'floor' | 'round' | 'ceil',
  )
  const { dilationHeight, dilationWidth, padInfo } = info
  const plain = dilationHeight === 1 && dilationWidth === 1 && (padInfo.type === 'SAME' || padInfo.type === 'VALID')
  return plain && !info.outShape.includes(0) ? info : undefined
}

function settings(backend: KernelArguments['backend'], info: backend_util.Conv2DInfo): Attribute[] {
  return oneDnn(backend, {
    integers: { strides: [1, info.strideHeight, info.strideWidth, 1], dilations: [1, 1, 1, 1] },
    strings: { padding: info.padInfo.type, data_format: 'NHWC' },
    flags: { use_cudnn_on_gpu: false },
  })
}

/**
 * An output one place wide, from steps of more than one place. On processors with AVX-512 for neural networks oneDNN
 * (TensorFlow 2.21) computes other numbers there, of images of one channel: it takes the steps of the rows for these.
 */
function isColumn({ outWidth, strideWidth }: backend_util.Conv2DInfo): boolean {
  return outWidth === 1 && strideWidth > 1
}

/** The convolution itself. */
export function conv2d({ inputs, attrs, backend }: KernelArguments): TensorInfo | undefined {
  const x = inputs.x!
  const filter = inputs.filter!
  const info = usual(x, filter) ? geometry(x.shape, filter.shape, attrs) : undefined
  if (info === undefined || isColumn(info)) return undefined
  return backend.executeSingleOutput('_MklNativeConv2D', settings(backend, info), [x, filter])
}

/**
 * Whether oneDNN's input gradient can be believed. On processors with AVX-512 that of TensorFlow 2.21 answers with other
 * numbers where the channels beyond 32 are no multiple of 32, for some filters of one place whatever the channels, and
 * for single channels. Of 33,000 shapes drawn from those that are left none differs.
 */
function isSound({ inChannels, filterHeight, filterWidth }: backend_util.Conv2DInfo): boolean {
  if (filterHeight === 1 && filterWidth === 1) return false
  return inChannels > 1 && (inChannels <= 32 || inChannels % 32 === 0)
}

/** dL/dinput. */
export function conv2dInputGradient({ inputs, attrs, backend }: KernelArguments): TensorInfo | undefined {
  const dy = inputs.dy!
  const filter = inputs.filter!
  const info = usual(dy, filter) ? geometry(attrs.inputShape as Shape4, filter.shape, attrs) : undefined
  if (info === undefined || !isSound(info)) return undefined
  return withShape(info.inShape, shape =>
    backend.executeSingleOutput('_MklNativeConv2DBackpropInput', settings(backend, info), [shape, filter, dy]),
  )
}

/** From this many input channels on TensorFlow's own filter gradient is no slower: oneDNN's writes out of order there. */
const manyChannels = 128

/** Up to this many output places of an image the patches are few enough to be written out. */
const fewPlaces = 16

/**
 * A filter that is smaller than its stride, such as the 1×1 by 2 of a ResNet's shortcut, leaves places of the image out.
 * There oneDNN's filter gradient (TensorFlow 2.21) writes beyond its memory.
 */
function hasGaps({ filterHeight, filterWidth, strideHeight, strideWidth }: backend_util.Conv2DInfo): boolean {
  return filterHeight < strideHeight || filterWidth < strideWidth
}

/**
 * dL/dfilter: by oneDNN for few channels, by TensorFlow for many, and as one matrix product of the patches where the
 * images have become small, or most of them is left out.
 */
export function conv2dFilterGradient({ inputs, attrs, backend }: KernelArguments): TensorInfo | undefined {
  const x = inputs.x!
  const dy = inputs.dy!
  const info = usual(x, dy) ? geometry(x.shape, attrs.filterShape as Shape4, attrs) : undefined
  if (info === undefined) return undefined
  if (hasGaps(info)) return byPatches(backend, x, dy, info)
  if (info.inChannels >= manyChannels) {
    return info.outHeight * info.outWidth <= fewPlaces ? byPatches(backend, x, dy, info) : undefined
  }
  return withShape(info.filterShape, shape =>
    backend.executeSingleOutput('_MklNativeConv2DBackpropFilter', settings(backend, info), [x, shape, dy]),
  )
}

function byPatches(
  backend: KernelArguments['backend'],
  x: TensorInfo,
  dy: TensorInfo,
  info: backend_util.Conv2DInfo,
): TensorInfo {
  const { binding } = backend
  const { filterHeight, filterWidth, strideHeight, strideWidth, outChannels, filterShape } = info
  const patches = backend.executeSingleOutput(
    'ExtractImagePatches',
    [
      { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
      { name: 'ksizes', type: binding.TF_ATTR_INT, value: [1, filterHeight, filterWidth, 1] },
      { name: 'strides', type: binding.TF_ATTR_INT, value: [1, strideHeight, strideWidth, 1] },
      { name: 'rates', type: binding.TF_ATTR_INT, value: [1, 1, 1, 1] },
      { name: 'padding', type: binding.TF_ATTR_STRING, value: info.padInfo.type },
    ],
    [x],
  )
  return tf.tidy(() => {
    const taps = tf.reshape(patches, [-1, patches.shape.at(-1)!])
    patches.dispose()
    const upstream = tf.reshape(dy as Tensor, [-1, outChannels])
    return tf.reshape(tf.matMul(taps as never, upstream as never, true, false), filterShape)
  })
}

/** Calls with a shape as a tensor, as the gradients take it. */
function withShape(shape: readonly number[], call: (shape: TensorInfo) => TensorInfo): TensorInfo {
  const tensor = tf.tensor1d([...shape], 'int32')
  try {
    return call(tensor)
  } finally {
    tensor.dispose()
  }
}
