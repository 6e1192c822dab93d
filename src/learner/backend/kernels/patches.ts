import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import type { KernelFunc, NamedTensorInfoMap, Tensor, Tensor3D, Tensor4D, TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from '../../tensorflow.js'
import type { NativeBackend } from './native/operation.js'

/*
 * What a convolution's filter sees at each place: the filter's gradient of one sample is one matrix product of that.
 */

const kernelName = 'Patches'

/** A convolution's geometry. */
export interface Window {
  /** Height and width. */
  readonly size: readonly [number, number]
  /** Down, across. */
  readonly strides: readonly [number, number]
  readonly padding: 'same' | 'valid'
}

interface Arguments<Backend> {
  readonly inputs: NamedTensorInfoMap
  readonly attrs: Window
  readonly backend: Backend
}

function native({ inputs, attrs: { size, strides, padding }, backend }: Arguments<NativeBackend>): TensorInfo {
  const { TF_ATTR_TYPE, TF_ATTR_INT, TF_ATTR_STRING, TF_FLOAT } = backend.binding
  const settings = [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'ksizes', type: TF_ATTR_INT, value: [1, ...size, 1] },
    { name: 'strides', type: TF_ATTR_INT, value: [1, ...strides, 1] },
    { name: 'rates', type: TF_ATTR_INT, value: [1, 1, 1, 1] },
    { name: 'padding', type: TF_ATTR_STRING, value: padding.toUpperCase() },
  ]
  return backend.executeSingleOutput('ExtractImagePatches', settings, [inputs.x!])
}

/** Row by row of each patch, whose numbers lie side by side in the image. */
function wasm({ inputs, attrs, backend }: Arguments<BackendWasm>): TensorInfo {
  const x = inputs.x!
  const info = geometry(x.shape, attrs)
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth } = info
  const run = filterWidth * inChannels
  const output = backend.makeOutput([batchSize, outHeight, outWidth, filterHeight * run], 'float32')
  const from = backend.typedArrayFromHeap(x)
  const into = backend.typedArrayFromHeap(output)
  let at = 0
  for (let image = 0; image < batchSize; image++) {
    for (let y = 0; y < outHeight; y++) {
      for (let place = 0; place < outWidth; place++) {
        const left = place * info.strideWidth - info.padInfo.left
        const first = Math.max(0, -left) * inChannels
        const end = Math.min(filterWidth, inWidth - left) * inChannels
        for (let tapY = 0; tapY < filterHeight; tapY++, at += run) {
          const row = y * info.strideHeight - info.padInfo.top + tapY
          if (row < 0 || row >= inHeight) {
            into.fill(0, at, at + run)
            continue
          }
          const source = ((image * inHeight + row) * inWidth + left) * inChannels
          for (let i = 0; i < first; i++) into[at + i] = 0
          for (let i = first; i < end; i++) into[at + i] = from[source + i]!
          for (let i = end; i < run; i++) into[at + i] = 0
        }
      }
    }
  }
  return output
}

/** A slice for each place of the filter, side by side: for a backend without a kernel of its own. */
export function composed({ inputs, attrs }: Arguments<unknown>): Tensor {
  const x = inputs.x as Tensor4D
  const { outHeight, outWidth, strideHeight, strideWidth, filterHeight, filterWidth, padInfo } = geometry(
    x.shape,
    attrs,
  )
  return tf.tidy(() => {
    const { top, bottom, left, right } = padInfo
    const padded = tf.pad4d(x, [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ])
    const taps: Tensor[] = []
    for (let y = 0; y < filterHeight; y++) {
      for (let across = 0; across < filterWidth; across++) {
        const end = [
          x.shape[0],
          y + (outHeight - 1) * strideHeight + 1,
          across + (outWidth - 1) * strideWidth + 1,
          x.shape[3],
        ]
        taps.push(tf.stridedSlice(padded, [0, y, across, 0], end, [1, strideHeight, strideWidth, 1]))
      }
    }
    return tf.concat(taps, 3)
  })
}

function geometry(shape: readonly number[], { size, strides, padding }: Window) {
  const filter: [number, number, number, number] = [...size, shape[3]!, 1]
  return tf.backend_util.computeConv2DInfo(
    shape as [number, number, number, number],
    filter,
    strides as [number, number],
    1,
    padding,
  )
}

const kernels: Readonly<Record<string, unknown>> = { tensorflow: native, wasm }
for (const backendName of ['tensorflow', 'wasm', 'webgpu']) {
  tf.registerKernel({ kernelName, backendName, kernelFunc: (kernels[backendName] ?? composed) as KernelFunc })
}

/**
 * What each place of a convolution's output is made of.
 *
 * @param x - [N, height, width, channels]
 * @returns [N, places, numbers of a filter], in the filter's order
 */
export function patchesOf(x: Tensor4D, window: Window): Tensor3D {
  if (window.size.every(side => side === 1) && window.strides.every(stride => stride === 1)) {
    return tf.reshape(x, [x.shape[0], -1, x.shape[3]])
  }
  const patches = tf.engine().runKernel(kernelName, { x }, { ...window }) as Tensor
  return tf.reshape(patches, [x.shape[0], -1, patches.shape.at(-1)!])
}
