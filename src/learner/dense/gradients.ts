import type { Rank, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { denseLayer, denseLayerGradients, hasKernel, peerNormsKernel } from '../backend/kernels/dense-layer.js'
import { sumOf } from '../norm.js'
import type { Gradients, GradientsAt } from '../rules/rule.js'
import type { LossAndGradient } from '../targets.js'
import { tf } from '../tensorflow.js'
import type { DenseLayer } from './layers.js'

/*
 * Gradients of several peers at once, for models that are chains of dense layers. A small model's step is mostly
 * the cost of calling operations, some 15 µs each: an MLP's takes about a hundred of them under TensorFlow.js' tape.
 * With the gradients written out it takes forty, and these serve all peers of a stack in batched matrix products.
 */

/** One mini-batch of each peer, filled up with rows of no weight to the same number: see {@link rowMultiple}. */
export interface StackedBatch {
  /** [peers, rows, features] */
  readonly inputs: Tensor3D
  /** [peers·rows, outputs] */
  readonly targets: Tensor2D
  /** [peers, rows, 1]: one over the samples of the peer's batch. */
  readonly weights: Tensor3D
}

/**
 * A peer's numbers must not depend, to the last bit, on which peers are beside it: otherwise one manifest would give other
 * numbers on a machine with more workers. Two things see to that on a native backend. Sums over rows are matrix
 * products, which oneDNN computes for each matrix as if it were alone; TensorFlow's sums take other ways depending on
 * where in memory a row begins. And rows come in numbers that make every peer's share begin where a vector of the
 * processor does, 16 numbers at most; as many in every batch of a peer, since a longer sum is taken in another order.
 */
export const rowMultiple = 16

/**
 * Gradients of a stack without the tape.
 *
 * @param parameters - kernels [peers, inputs, outputs] and biases [peers, 1, outputs], in the layout's order
 */
export function stackedGradients(
  layers: readonly DenseLayer[],
  parameters: readonly Tensor[],
  batch: StackedBatch,
  loss: LossAndGradient,
): GradientsAt {
  // The factor is in the rows' weights, so that it costs nothing to speak of.
  return factor => passOf(layers, parameters, batch, factor === 1 ? batch.weights : tf.mul(batch.weights, factor), loss)
}

/** Forward and backward. `weights` scale the gradients' rows; the losses are means whatever they are. */
function passOf(
  layers: readonly DenseLayer[],
  parameters: readonly Tensor[],
  batch: StackedBatch,
  weights: Tensor3D,
  loss: LossAndGradient,
): Gradients {
  const [peers, rows] = batch.inputs.shape
  const chain = layers.map(({ kernel, bias, rectify }) => ({
    kernel: parameters[kernel] as Tensor3D,
    bias: bias === undefined ? undefined : (parameters[bias] as Tensor3D),
    rectify,
  }))
  const seen = [batch.inputs]
  for (const layer of chain) seen.push(denseLayer(seen.at(-1)!, layer))
  const values = seen.at(-1)!
  const outputs = values.shape[2]
  const [rowLosses, ofLogits] = loss(tf.reshape(values, [peers * rows, outputs]), batch.targets)
  const losses = tf.reshape(
    tf.matMul(batch.weights, tf.reshape(rowLosses, [peers, rows, 1]) as Tensor3D, true, false),
    [peers],
  )

  const gradients: Tensor[] = []
  let upstream: Tensor3D = tf.mul(tf.reshape(ofLogits, [peers, rows, outputs]), weights)
  for (let i = layers.length - 1; i >= 0; i--) {
    const { kernel, bias } = layers[i]!
    const of = denseLayerGradients(seen[i]!, chain[i]!, seen[i + 1]!, upstream, i > 0)
    gradients[kernel] = of.kernel
    if (bias !== undefined) gradients[bias] = of.bias!
    upstream = of.x!
  }
  return { figures: [losses], gradients }
}

/** Each peer's 2-norm over all its tensors, [peers, 1, 1]. */
export function peerNorms(tensors: readonly Tensor[]): Tensor {
  if (hasKernel(peerNormsKernel)) return tf.engine().runKernel(peerNormsKernel, Object.fromEntries(tensors.entries()))
  const squares = tensors.map(tensor => {
    const [peers, rows, columns] = tensor.shape as [number, number, number]
    const ofRows: Tensor3D = tf.matMul(tf.square(tensor) as Tensor3D, tf.ones([peers, columns, 1]))
    return rows === 1 ? ofRows : tf.matMul(tf.ones<Rank.R3>([peers, 1, rows]), ofRows)
  })
  return tf.sqrt(sumOf(squares))
}
