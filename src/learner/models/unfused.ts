import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { tf } from '../tensorflow.js'

type Layer = LayersModel['layers'][number]

/** A Conv2D layer as it is inside TensorFlow.js; its types show less. */
interface Conv2DInside {
  readonly activation: { getClassName(): string }
  readonly kernel: { read(): Tensor4D }
  readonly bias: { read(): Tensor } | null
  readonly strides: [number, number]
  readonly padding: 'same' | 'valid'
  call(inputs: Tensor | Tensor[]): Tensor
}

/**
 * Takes a convolution without activation apart into convolution and bias. TensorFlow.js fuses the two, and the fused
 * operation computes all its gradients, also that of its input, which nobody asks of a first layer: in LeNet-5 a
 * fifth of the step. With an activation TensorFlow.js does not fuse while it takes gradients.
 */
export function unfuse(layer: Layer): void {
  if (layer.getClassName() !== 'Conv2D') return
  const conv = layer as unknown as Conv2DInside
  if (conv.activation.getClassName() !== 'linear') return
  conv.call = inputs =>
    tf.tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D
      const product = tf.conv2d(x, conv.kernel.read(), conv.strides, conv.padding)
      return conv.bias === null ? product : tf.add(product, conv.bias.read())
    })
}
