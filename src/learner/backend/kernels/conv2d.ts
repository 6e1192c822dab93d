import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from '../../tensorflow.js'
import { free, heapOf, type KernelArguments, offsetOf, reshaped, run } from './heap.js'
import { paddingsOf } from './same-padding.js'

/*
 * The two gradients of a convolution. tfjs-backend-wasm 4.22 has none for the filter and a plain loop for the input.
 */

type Shape4 = [number, number, number, number]
type Pad = Parameters<typeof backend_util.computeConv2DInfo>[4]

function geometry(xShape: readonly number[], filterShape: readonly number[], attrs: KernelArguments['attrs']) {
  if (attrs.dataFormat !== 'NHWC') throw new Error(`convolutions need dataFormat NHWC, not ${String(attrs.dataFormat)}`)
  return tf.backend_util.computeConv2DInfo(
    xShape as Shape4,
    filterShape as Shape4,
    attrs.strides as number | [number, number],
    1,
    attrs.pad as Pad,
    attrs.dimRoundingMode as 'floor' | 'round' | 'ceil',
  )
}

/**
 * dL/dfilter: one matrix product. With the batch as the last axis, what a filter tap sees of one image row is one
 * contiguous piece of memory, so the matrix [taps, places] is laid out by block copies inside the heap and costs 5 % of
 * the product. LeNet-5's second convolution, batch 32, one thread: 5.9 ms where the forward pass takes 4.5; the
 * convolution with dilation = stride that DESIGN.md describes takes 7.3, on one input channel three times as long.
 */
export function conv2dFilterGradient({ inputs, attrs, backend }: KernelArguments): TensorInfo {
  const x = inputs.x!
  const dy = inputs.dy!
  const filterShape = attrs.filterShape as Shape4
  const info = geometry(x.shape, filterShape, attrs)
  const { batchSize, outHeight, outWidth, outChannels, padInfo } = info
  const places = outHeight * outWidth * batchSize

  // Turned first: padding then moves whole rows of the batch instead of single numbers.
  const turned = run(backend, 'Transpose', { x }, { perm: [3, 1, 2, 0] })
  const planes = pad(backend, turned, paddingsOf(padInfo))
  const patches = patchesOf(backend, planes, info)
  const upstream = run(backend, 'Transpose', { x: dy }, { perm: [1, 2, 0, 3] })
  const gradient = run(
    backend,
    'BatchMatMul',
    { a: patches, b: reshaped(upstream, [places, outChannels]) },
    { transposeA: false, transposeB: false },
  )
  free(backend, turned, planes, patches, upstream)
  return reshaped(gradient, filterShape)
}

/** What each filter tap sees: [height·width·channels of the filter, output height·width·batch]. */
function patchesOf(backend: BackendWasm, planes: TensorInfo, info: backend_util.Conv2DInfo): TensorInfo {
  const { filterHeight, filterWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth, batchSize } = info
  const [, height, width] = planes.shape as Shape4
  const patches = backend.makeOutput(
    [filterHeight * filterWidth * inChannels, outHeight * outWidth * batchSize],
    'float32',
  )
  const heap = heapOf(backend)
  const from = offsetOf(backend, planes)
  let to = offsetOf(backend, patches)
  const row = outWidth * batchSize
  for (let tapY = 0; tapY < filterHeight; tapY++) {
    for (let tapX = 0; tapX < filterWidth; tapX++) {
      for (let channel = 0; channel < inChannels; channel++) {
        for (let y = 0; y < outHeight; y++, to += row) {
          const start = from + ((channel * height + y * strideHeight + tapY) * width + tapX) * batchSize
          if (strideWidth === 1) heap.copyWithin(to, start, start + row)
          else {
            for (let x = 0; x < outWidth; x++) {
              const place = start + x * strideWidth * batchSize
              heap.copyWithin(to + x * batchSize, place, place + batchSize)
            }
          }
        }
      }
    }
  }
  return patches
}

/**
 * dL/dinput. With stride 1 it is a convolution of the padded upstream gradient with the turned filter, which the fast
 * library computes: 14×14×16, 16 filters 3×3, batch 32, one thread, 17 → 1.7 ms. That convolution covers the whole
 * input, though; where the output is much smaller (large filters without padding, strides) a matrix product and a
 * scatter are less work: LeNet-5's second convolution 51 → 8 ms, against 13 as a convolution.
 */
export function conv2dInputGradient({ inputs, attrs, backend }: KernelArguments): TensorInfo {
  const dy = inputs.dy!
  const filter = inputs.filter!
  const info = geometry(attrs.inputShape as Shape4, filter.shape, attrs)
  const { strideHeight, strideWidth, inHeight, inWidth, outHeight, outWidth } = info
  const dense = strideHeight === 1 && strideWidth === 1 && inHeight * inWidth <= 1.5 * outHeight * outWidth
  return dense ? byConvolution(backend, dy, filter, info) : byScatter(backend, dy, filter, info)
}

function byConvolution(
  backend: BackendWasm,
  dy: TensorInfo,
  filter: TensorInfo,
  info: backend_util.Conv2DInfo,
): TensorInfo {
  const { filterHeight, filterWidth, padInfo, inHeight, inWidth, outHeight, outWidth } = info
  const top = filterHeight - 1 - padInfo.top
  const left = filterWidth - 1 - padInfo.left
  const padded = pad(backend, dy, [
    [0, 0],
    [top, inHeight + filterHeight - 1 - top - outHeight],
    [left, inWidth + filterWidth - 1 - left - outWidth],
    [0, 0],
  ])
  const turned = run(backend, 'Reverse', { x: filter }, { dims: [0, 1] })
  const swapped = run(backend, 'Transpose', { x: turned }, { perm: [0, 1, 3, 2] })
  const gradient = run(
    backend,
    'Conv2D',
    { x: padded, filter: swapped },
    { strides: 1, pad: 'valid', dataFormat: 'NHWC', dilations: 1 },
  )
  free(backend, padded, turned, swapped)
  return gradient
}

function byScatter(
  backend: BackendWasm,
  dy: TensorInfo,
  filter: TensorInfo,
  info: backend_util.Conv2DInfo,
): TensorInfo {
  const { filterHeight, filterWidth, inChannels, outChannels, outHeight, outWidth, batchSize } = info
  const taps = filterHeight * filterWidth * inChannels
  const weights = run(backend, 'Transpose', { x: reshaped(filter, [taps, outChannels]) }, { perm: [1, 0] })
  const patches = run(
    backend,
    'BatchMatMul',
    { a: reshaped(dy, [batchSize * outHeight * outWidth, outChannels]), b: weights },
    { transposeA: false, transposeB: false },
  )
  const gradient = run(backend, 'Fill', {}, { shape: info.inShape, value: 0, dtype: 'float32' })
  scatter(backend, patches, gradient, info)
  free(backend, weights, patches)
  return gradient
}

/** Adds each output place's patch to the input places that it was taken from. */
function scatter(backend: BackendWasm, patches: TensorInfo, sum: TensorInfo, info: backend_util.Conv2DInfo): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth } = info
  const { strideHeight, strideWidth, padInfo } = info
  const from = backend.typedArrayFromHeap(patches)
  const into = backend.typedArrayFromHeap(sum)
  const run = filterWidth * inChannels
  let patch = 0
  for (let image = 0; image < batchSize; image++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++, patch += filterHeight * run) {
        const left = x * strideWidth - padInfo.left
        const first = Math.max(0, -left) * inChannels
        const end = Math.min(filterWidth, inWidth - left) * inChannels
        for (let tapY = 0; tapY < filterHeight; tapY++) {
          const row = y * strideHeight - padInfo.top + tapY
          if (row < 0 || row >= inHeight) continue
          const at = ((image * inHeight + row) * inWidth + left) * inChannels
          const source = patch + tapY * run
          for (let i = first; i < end; i++) into[at + i]! += from[source + i]!
        }
      }
    }
  }
}

/** Always a tensor of its own, to be freed, also where there is nothing to pad. */
function pad(backend: BackendWasm, x: TensorInfo, paddings: [number, number][]): TensorInfo {
  return paddings.every(([before, after]) => before === 0 && after === 0)
    ? run(backend, 'Identity', { x })
    : run(backend, 'PadV2', { x }, { paddings, constantValue: 0 })
}
