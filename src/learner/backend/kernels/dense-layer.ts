import type { NamedTensorMap, Tensor3D } from '@tensorflow/tfjs-core'
import { rectifierGradient } from '../../models/rectifier.js'
import { tf } from '../../tensorflow.js'

/*
 * A dense layer and its gradients, of several peers side by side: on wasm each one kernel of ours (kernels/dense.ts),
 * elsewhere put together from TensorFlow.js' operations.
 */

/** Names of the kernels, where a backend has them. */
export const denseLayerKernel = 'DenseLayer'
export const denseGradientsKernel = 'DenseLayerGradients'
export const peerNormsKernel = 'PeerNorms'

/** A dense layer's parameters. */
export interface DenseParameters {
  /** [peers, inputs, outputs] */
  readonly kernel: Tensor3D
  /** [peers, 1, outputs] */
  readonly bias?: Tensor3D | undefined
  /** ReLU, or nothing. */
  readonly rectify: boolean
}

/**
 * What a layer puts out, [peers, rows, outputs].
 *
 * @param x - [peers, rows, inputs]
 */
export function denseLayer(x: Tensor3D, { kernel, bias, rectify }: DenseParameters): Tensor3D {
  if (hasKernel(denseLayerKernel))
    return tf.engine().runKernel(denseLayerKernel, { x, kernel, bias: bias! }, { rectify })
  const product = tf.matMul(x, kernel)
  const sum = bias === undefined ? product : tf.add(product, bias)
  return (rectify ? tf.relu(sum) : sum) as Tensor3D
}

/** In what a layer is made of, each of its shape. */
export interface DenseGradients {
  readonly kernel: Tensor3D
  readonly bias?: Tensor3D | undefined
  readonly x?: Tensor3D | undefined
}

/**
 * The gradients of a dense layer.
 *
 * @param x - what went into it
 * @param y - what came out
 * @param upstream - the gradient in what came out
 * @param further - whether the gradient in `x` is wanted
 */
export function denseLayerGradients(
  x: Tensor3D,
  { kernel, bias, rectify }: DenseParameters,
  y: Tensor3D,
  upstream: Tensor3D,
  further: boolean,
): DenseGradients {
  if (hasKernel(denseGradientsKernel)) {
    const inputs: NamedTensorMap = { x, kernel, y, upstream }
    const all = tf.engine().runKernel(denseGradientsKernel, inputs, { rectify, biased: bias !== undefined, further })
    const [ofKernel, ...others] = all as unknown as [Tensor3D, ...Tensor3D[]]
    return { kernel: ofKernel, bias: bias && others.shift(), x: others.shift() }
  }
  const [peers, rows] = x.shape
  // The ReLU's output shows as well as its input where the gradient passes.
  const passed = (rectify ? rectifierGradient(upstream, y) : upstream) as Tensor3D
  return {
    kernel: tf.matMul(x, passed, true, false),
    bias: bias && tf.matMul(tf.ones([peers, 1, rows]) as Tensor3D, passed),
    x: further ? tf.matMul(passed, kernel, false, true) : undefined,
  }
}

/** Whether the backend in use has a kernel of this name. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined
}
