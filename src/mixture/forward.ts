import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { tf } from '../learner/device.js'
import type { HeadLayer } from '../learner/index.js'
import { type HeadStack, runHeads } from './head.js'
import type { MixtureSettings } from './spec.js'

/*
 * The mixture's forward pass (arXiv 2503.10412; ALGORITHMS.md 4.2), for features f of a batch:
 *
 *   u = W_com f;  v_j = W_j u;  p_own = Head_own(f);  p_j = Head_j(v_j)
 *   tokens P = {p_own, p_j …};  ŷ = softmax(W_q f · (W_k P)ᵀ / √d_a) · (W_v P)
 *
 * The same function with fewer products, whatever the number of experts: all W_j stand side by side in one matrix; the
 * query is taken into the space of predictions, (W_q f)·(W_k p) = (W_k W_qᵀ f)·p, which has fewer dimensions than d_a
 * where there are few classes; and W_v, being linear, is applied once to the weighted sum. Some twenty operations.
 *
 * With `normalise` the gate sees f with a mean square of 1, and of classes the softmax of P; what it adds up stays P.
 */

/** The mixture's weights on the device. What the settings leave out is undefined, and so is W_j without experts. */
export interface MixtureTensors {
  /** W_com, [d, m]. */
  readonly com?: Tensor
  /** All W_j side by side, [m, experts·d]. */
  readonly transforms?: Tensor
  /** W_q, [d, d_a]. */
  readonly query?: Tensor
  /** W_k, [C, d_a]. */
  readonly key?: Tensor
  /** W_v, [C, C]. */
  readonly value?: Tensor
}

/** What a forward pass needs beside the features. */
export interface MixtureNet {
  readonly layers: readonly HeadLayer[]
  /** The own head, as a stack of one. */
  readonly own: HeadStack
  /** Received heads; undefined when there are none. */
  readonly experts: HeadStack | undefined
  /** How many. */
  readonly count: number
  readonly tensors: MixtureTensors
  readonly settings: NetSettings
}

/** The settings that a forward pass follows. */
export type NetSettings = Pick<MixtureSettings, 'task' | 'tokens' | 'normalise'>

/** Everything that a batch gives. N is the batch, times the places of a map where predictions are maps. */
export interface MixtureOutput {
  /** Own and received heads each by itself, as they leave the heads (logits), [1 + experts, N, C]; the own first. */
  readonly alone: Tensor3D
  /**
   * The mixture's ŷ, [N, C]. With probabilities as tokens their logarithm, so that a softmax gives them back and one
   * loss serves both.
   */
  readonly prediction: Tensor2D
  /** Gate weights of the tokens, [N, 1 + experts]. */
  readonly weights: Tensor2D
}

/** Below this a probability is taken as this: it may have come to 0, of which there is no logarithm. */
const probabilityFloor = 1e-7

/** Guards the division by a mean square. */
const squareGuard = 1e-12

/** @param features - [batch, d] or [batch, height, width, d] */
export function forward(net: MixtureNet, features: Tensor): MixtureOutput {
  const { layers, own, experts, tensors, settings } = net
  const batch = features.shape[0]!
  const ownRaw = runHeads(layers, own, tf.expandDims(features))
  const [, , ...output] = ownRaw.shape
  const rows = (batch * sizeOf(output)) / output.at(-1)!
  const flat = (raw: Tensor): Tensor3D => tf.reshape(raw, [raw.shape[0]!, rows, output.at(-1)!])
  const alone =
    experts === undefined
      ? flat(ownRaw)
      : tf.concat([flat(ownRaw), flat(runHeads(layers, experts, transformed(net, features)))])
  const isProbable = settings.tokens === 'probabilities'
  const probabilities = isProbable || (settings.normalise && settings.task === 'classes') ? tf.softmax(alone) : alone
  const tokens = isProbable ? probabilities : alone
  const asking = queried(features, rows)
  const weights = gateWeights(tensors, probabilities, settings.normalise ? unitMeanSquare(asking) : asking)
  const sum = tf.sum(tf.mul(tokens, tf.expandDims(tf.transpose(weights), 2)), 0) as Tensor2D
  const mixed = tensors.value === undefined ? sum : tf.matMul(sum, tensors.value as Tensor2D)
  const prediction = isProbable ? tf.log(tf.maximum(mixed, probabilityFloor)) : mixed
  return { alone, prediction: prediction as Tensor2D, weights }
}

/** v_j of every expert, [experts, …features.shape]. On maps W_com and W_j are convolutions of 1×1. */
function transformed({ tensors: { com, transforms }, count }: MixtureNet, features: Tensor): Tensor {
  if (com === undefined || transforms === undefined) {
    // As rows: TensorFlow.js 4.22 has no gradient of a tile of rank 5, as that of maps would be.
    return tf.reshape(tf.tile(tf.reshape(features, [1, features.size]), [count, 1]), [count, ...features.shape])
  }
  const width = features.shape.at(-1)!
  const rows = features.size / width
  const common = tf.matMul(tf.reshape(features, [rows, width]), com as Tensor2D)
  const side = tf.reshape(tf.matMul(common, transforms as Tensor2D), [rows, count, width])
  return tf.reshape(tf.transpose(side, [1, 0, 2]), [count, ...features.shape])
}

/**
 * The features that ask the gate, [rows, d]: at every place of a map where predictions are maps of the same size, else
 * their mean over all places.
 */
function queried(features: Tensor, rows: number): Tensor2D {
  const width = features.shape.at(-1)!
  const batch = features.shape[0]!
  if (features.size === rows * width) return tf.reshape(features, [rows, width])
  return tf.mean(tf.reshape(features, [batch, features.size / (batch * width), width]), 1) as Tensor2D
}

/** Every row with a mean square of 1; a row of zeros stays one. */
function unitMeanSquare(features: Tensor2D): Tensor2D {
  return tf.mul(features, tf.rsqrt(tf.add(tf.mean(tf.square(features), 1, true), squareGuard)))
}

/** @param tokens - what the keys are made of, [tokens, N, C] */
function gateWeights({ query, key }: MixtureTensors, tokens: Tensor3D, features: Tensor2D): Tensor2D {
  const [count, rows] = tokens.shape
  if (query === undefined || key === undefined) return tf.fill([rows, count], 1 / count) as Tensor2D
  const asked = tf.matMul(tf.matMul(features, query as Tensor2D), key as Tensor2D, false, true)
  const scores = tf.sum(tf.mul(tokens, tf.expandDims(asked, 0)), 2)
  return tf.softmax(tf.transpose(tf.div(scores, Math.sqrt(query.shape[1]!)))) as Tensor2D
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}
