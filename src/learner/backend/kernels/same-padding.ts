import type { backend_util, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core'
import { tf } from '../../tensorflow.js'
import { call, type KernelArguments } from './heap.js'

type Pair = [number, number]

/** Convolutions of tfjs-backend-wasm that are asked to pad, and whether they are depthwise. */
export const paddedConvolutions: readonly (readonly [name: string, isDepthwise: boolean])[] = [
  ['Conv2D', false],
  ['FusedConv2D', false],
  ['DepthwiseConv2dNative', true],
  ['FusedDepthwiseConv2D', true],
]

/**
 * A convolution with padding `same`, of a filter that is shorter than its stride, with that padding in numbers:
 * tfjs-backend-wasm answers some of these with zeros, without an error (findings/tfjs-wasm-same-padding.sh).
 */
export function paddedBy(original: KernelFunc, isDepthwise: boolean): (args: KernelArguments) => TensorInfo {
  return ({ inputs, attrs, backend }) => {
    const asked = () => call(original, backend, inputs, attrs)
    if (attrs.pad !== 'same' || attrs.dataFormat === 'NCHW') return asked()
    const strides = pairOf(attrs.strides)
    const { shape: filter } = inputs.filter!
    if (strides.every((stride, side) => filter[side]! >= stride)) return asked()
    const { padInfo } = tf.backend_util.computeConv2DInfo(
      inputs.x!.shape as [number, number, number, number],
      filter as [number, number, number, number],
      strides,
      pairOf(attrs.dilations ?? 1),
      'same',
      undefined,
      isDepthwise,
    )
    return call(original, backend, inputs, { ...attrs, pad: paddingsOf(padInfo) })
  }
}

/** How far each axis of images is padded, of which height and width are the two in the middle. */
export function paddingsOf({ top, bottom, left, right }: backend_util.PadInfo): [Pair, Pair, Pair, Pair] {
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]
}

function pairOf(value: unknown): Pair {
  return typeof value === 'number' ? [value, value] : (value as Pair)
}
