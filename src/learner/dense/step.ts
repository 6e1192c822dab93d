import type { Rank, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { rectifierGradient } from '../models/rectifier.js'
import { type StepSettings, sumOf } from '../step.js'
import type { LossAndGradient } from '../targets.js'
import { tf } from '../tensorflow.js'
import type { DenseLayer } from './layers.js'
import type { Stack } from './stack.js'

/*
 * A training step of several peers at once, for models that are chains of dense layers. A small model's step is mostly
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
 * A peer's numbers must not depend, to the last bit, on who is beside it: otherwise one manifest would give other
 * numbers on a machine with more workers. Two things see to that on a native backend. Sums over rows are matrix
 * products, which oneDNN computes for each matrix as if it were alone; TensorFlow's sums take other ways depending on
 * where in memory a row begins. And rows come in numbers that make every peer's share begin where a vector of the
 * processor does, 16 numbers at most; as many in every batch of a peer, since a longer sum is taken in another order.
 */
export const rowMultiple = 16

/** What a step moves; the caller owns the tensors. */
export type StackState = {
  readonly parameters: Stack
  /** η·v of every parameter; empty without momentum. */
  readonly velocity: Stack
}

/** Guards a division by a norm (ALGORITHMS.md 2). */
const normGuard = 1e-12

/**
 * One step of every peer: the same mathematics as `trainingStep` in ../step.ts, with a norm of each peer's own.
 *
 * @returns the state after the step, as new tensors, and every peer's mean loss before it, [peers]
 */
export function stackedStep(
  layers: readonly DenseLayer[],
  state: StackState,
  batch: StackedBatch,
  settings: StepSettings,
  loss: LossAndGradient,
): StackState & { readonly losses: Tensor } {
  const { learningRate, rho, adaptive, momentum, weightDecay, clip } = settings
  const { parameters } = state
  // η is in the rows' weights, so that the step is one subtraction a tensor.
  const scaled: Tensor3D = tf.mul(batch.weights, learningRate)
  const plain = gradientsAt(layers, parameters, batch, rho > 0 ? batch.weights : scaled, loss)
  let gradients = plain.gradients
  if (rho > 0) {
    const moved = perturbed(parameters, gradients, rho, adaptive)
    gradients = gradientsAt(layers, moved, batch, scaled, loss).gradients
  }
  if (clip !== undefined) {
    const factor = tf.minimum(1, tf.div(learningRate * clip, tf.add(norms(gradients), normGuard)))
    gradients = gradients.map(gradient => tf.mul(gradient, factor))
  }
  let steps = gradients
  if (weightDecay > 0) {
    steps = steps.map((step, i) => tf.add(step, tf.mul(parameters[i]!, learningRate * weightDecay)))
  }
  if (momentum > 0) steps = steps.map((step, i) => tf.add(tf.mul(state.velocity[i]!, momentum), step))
  return {
    parameters: parameters.map((tensor, i) => tf.sub(tensor, steps[i]!)),
    velocity: momentum > 0 ? steps : [],
    losses: plain.losses,
  }
}

/** Forward and backward. `weights` scale the gradients' rows; the losses are means whatever they are. */
function gradientsAt(
  layers: readonly DenseLayer[],
  parameters: Stack,
  batch: StackedBatch,
  weights: Tensor3D,
  loss: LossAndGradient,
): { losses: Tensor; gradients: Tensor[] } {
  const [peers, rows] = batch.inputs.shape
  const seen: Tensor3D[] = []
  let values = batch.inputs
  for (const { kernel, bias, rectify } of layers) {
    seen.push(values)
    const product = tf.matMul(values, parameters[kernel] as Tensor3D)
    const sum = bias === undefined ? product : tf.add(product, parameters[bias]!)
    values = (rectify ? tf.relu(sum) : sum) as Tensor3D
  }
  const outputs = values.shape[2]
  const [rowLosses, ofLogits] = loss(tf.reshape(values, [peers * rows, outputs]), batch.targets)
  const losses = tf.reshape(
    tf.matMul(batch.weights, tf.reshape(rowLosses, [peers, rows, 1]) as Tensor3D, true, false),
    [peers],
  )

  const ones: Tensor3D = tf.ones([peers, 1, rows])
  const gradients: Tensor[] = []
  let upstream: Tensor3D = tf.mul(tf.reshape(ofLogits, [peers, rows, outputs]), weights)
  for (let i = layers.length - 1; i >= 0; i--) {
    const { kernel, bias, rectify } = layers[i]!
    // What came out of the ReLU tells as well as what went in.
    if (rectify) upstream = rectifierGradient(upstream, seen[i + 1] ?? values) as Tensor3D
    gradients[kernel] = tf.matMul(seen[i]!, upstream, true, false)
    if (bias !== undefined) gradients[bias] = tf.matMul(ones, upstream)
    if (i > 0) upstream = tf.matMul(upstream, parameters[kernel] as Tensor3D, false, true)
  }
  return { losses, gradients }
}

/** y + δ of every peer, for SAM or ASAM (see `perturbation` in ../step.ts). */
function perturbed(parameters: Stack, gradients: readonly Tensor[], rho: number, adaptive: boolean): Stack {
  const scaled = adaptive ? gradients.map((g, i) => tf.mul(tf.abs(parameters[i]!), g)) : gradients
  const factor = tf.div(rho, tf.add(norms(scaled), normGuard))
  return parameters.map((tensor, i) => {
    const direction = adaptive ? tf.mul(tf.square(tensor), gradients[i]!) : gradients[i]!
    return tf.add(tensor, tf.mul(direction, factor))
  })
}

/** Each peer's 2-norm over all its tensors, [peers, 1, 1]. */
function norms(tensors: readonly Tensor[]): Tensor {
  const squares = tensors.map(tensor => {
    const [peers, rows, columns] = tensor.shape as [number, number, number]
    // Along the last axis first: wasm adds one by one in float32 (see `globalNorm` in ../step.ts).
    const ofRows: Tensor3D = tf.matMul(tf.square(tensor) as Tensor3D, tf.ones([peers, columns, 1]))
    return rows === 1 ? ofRows : tf.matMul(tf.ones<Rank.R3>([peers, 1, rows]), ofRows)
  })
  return tf.sqrt(sumOf(squares))
}
