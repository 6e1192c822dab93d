import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from '../../tensorflow.js'
import type { KernelArguments } from './heap.js'

/**
 * Gradient of max pooling: each output's gradient goes to the first place in its window that holds the largest value.
 * The wasm backend's own kernel does the same and takes twice the time (24×24×20, batch 32, one thread: 8 against 4 ms).
 */
export function maxPoolGradient({ inputs, attrs, backend }: KernelArguments): TensorInfo {
  const info = tf.backend_util.computePool2DInfo(
    inputs.input!.shape as [number, number, number, number],
    attrs.filterSize as number | [number, number],
    attrs.strides as number | [number, number],
    1,
    attrs.pad as Parameters<typeof backend_util.computePool2DInfo>[4],
    attrs.dimRoundingMode as 'floor' | 'round' | 'ceil',
  )
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth } = info
  const { strideHeight, strideWidth, padInfo } = info
  const gradient = backend.makeOutput(inputs.input!.shape, 'float32')
  const x = backend.typedArrayFromHeap(inputs.input!)
  const dy = backend.typedArrayFromHeap(inputs.dy!)
  const into = backend.typedArrayFromHeap(gradient)
  into.fill(0)
  let at = 0
  for (let image = 0; image < batchSize; image++) {
    for (let y = 0; y < outHeight; y++) {
      const top = y * strideHeight - padInfo.top
      const firstRow = Math.max(0, top)
      const endRow = Math.min(inHeight, top + filterHeight)
      for (let column = 0; column < outWidth; column++) {
        const left = column * strideWidth - padInfo.left
        const firstColumn = Math.max(0, left)
        const endColumn = Math.min(inWidth, left + filterWidth)
        for (let channel = 0; channel < inChannels; channel++) {
          let largest = Number.NEGATIVE_INFINITY
          let winner = ((image * inHeight + firstRow) * inWidth + firstColumn) * inChannels + channel
          for (let row = firstRow; row < endRow; row++) {
            let place = ((image * inHeight + row) * inWidth + firstColumn) * inChannels + channel
            for (let i = firstColumn; i < endColumn; i++, place += inChannels) {
              const value = x[place]!
              if (value > largest) {
                largest = value
                winner = place
              }
            }
          }
          into[winner]! += dy[at++]!
        }
      }
    }
  }
  return gradient
}
