import type { Tensor, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'
import { tf } from '../learner/device.js'
import type { HeadLayer } from '../learner/index.js'
import type { Layout } from '../tensors/index.js'
import { activate } from './activation.js'

/*
 * Several heads at once. Every tensor has one axis more in front, the heads: features [heads, batch, …], kernels
 * [heads, inputs, outputs]. A dense layer is then one batched product for all of them, where a call for each would cost
 * its 15 to 30 µs as often as there are experts. Convolutions are taken head by head: TensorFlow.js has no grouped
 * ones, and their own time is far above that of the call.
 */

/** Parameters of several heads with one layout, by name of tensor: [heads, …shape]. */
export type HeadStack = ReadonlyMap<string, Tensor>

/** Puts heads side by side on the device. The caller owns the tensors. */
export function stackHeads(layout: Layout, heads: readonly Float32Array[]): HeadStack {
  return new Map(
    layout.tensors.map(({ name, shape, offset, size }) => {
      const values = new Float32Array(heads.length * size)
      for (const [i, head] of heads.entries()) values.set(head.subarray(offset, offset + size), i * size)
      return [name, tf.tensor(values, [heads.length, ...shape], 'float32')]
    }),
  )
}

/**
 * What the heads make of their features.
 *
 * @param features - [heads, batch, width] or [heads, batch, height, width, channels]
 * @returns [heads, batch, outputs] or [heads, batch, height, width, outputs]
 */
export function runHeads(layers: readonly HeadLayer[], heads: HeadStack, features: Tensor): Tensor {
  return layers.reduce((values, layer) => runLayer(layer, heads, values), features)
}

function runLayer(layer: HeadLayer, heads: HeadStack, values: Tensor): Tensor {
  switch (layer.kind) {
    case 'dense':
      return activate(dense(values, heads.get(layer.kernel)!, weightOf(heads, layer.bias)), layer.activation)
    case 'conv2d':
      return activate(convolution(layer, heads, values), layer.activation)
    case 'activation':
      return activate(values, layer.activation)
    case 'flatten': {
      const [count, batch] = values.shape as [number, number]
      return tf.reshape(values, [count, batch, values.size / (count * batch)])
    }
  }
}

function weightOf(heads: HeadStack, name: string | undefined): Tensor | undefined {
  return name === undefined ? undefined : heads.get(name)!
}

/** On maps, the same at every place. */
function dense(values: Tensor, kernel: Tensor, bias: Tensor | undefined): Tensor {
  const [heads, inputs, outputs] = kernel.shape as [number, number, number]
  const rows = tf.reshape(values, [heads, values.size / (heads * inputs), inputs])
  const product = tf.matMul(rows as Tensor3D, kernel as Tensor3D)
  const sum = bias === undefined ? product : tf.add(product, tf.reshape(bias, [heads, 1, outputs]))
  return tf.reshape(sum, [...values.shape.slice(0, -1), outputs])
}

function convolution(
  { kernel, bias, strides, padding }: Extract<HeadLayer, { kind: 'conv2d' }>,
  heads: HeadStack,
  values: Tensor,
): Tensor {
  const kernels = eachOf(heads.get(kernel)!)
  const biases = bias === undefined ? [] : eachOf(heads.get(bias)!)
  const outputs = eachOf(values).map((x, i) => {
    const product = tf.conv2d(x as Tensor4D, kernels[i] as Tensor4D, strides as [number, number], padding)
    return biases[i] === undefined ? product : tf.add(product, biases[i])
  })
  return tf.stack(outputs)
}

/** TensorFlow.js fails at the gradient of unstacking a single one. */
function eachOf(stack: Tensor): Tensor[] {
  return stack.shape[0] === 1 ? [tf.squeeze(stack, [0])] : tf.unstack(stack)
}
