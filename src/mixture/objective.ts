import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import { type DeviceCut, type DeviceModel, tf } from '../learner/device.js'
import type { Layout } from '../tensors/index.js'
import type { DeviceMixture } from './device.js'
import { forward } from './forward.js'
import type { HeadStack } from './head.js'
import type { MixtureTraining } from './training.js'

/** What one mini-batch gives: a loss to descend, and the gate's mean weights, [1 + experts]. */
export interface BatchOutcome {
  readonly loss: Scalar
  readonly gate: Tensor
}

/** A mini-batch's outcome at the variables' present values. @param batch - what the objective begins with, a row a sample */
export type Objective = (batch: Tensor, wanted: Tensor2D) => BatchOutcome

/** The mixture's loss on features of a frozen body. */
export function alternateObjective(job: MixtureTraining, mixture: DeviceMixture, headLayout: Layout): Objective {
  const { model, geometry, settings } = job
  return (features, wanted) => {
    const own = ownHead(model, headLayout)
    const { prediction, weights } = forward({ ...geometry, ...mixture, own, settings }, features)
    return { loss: meanLoss(job, prediction, wanted), gate: tf.mean(weights, 0) }
  }
}

/**
 * a·L_local + (1−a)·L_mixture, on inputs of the whole model. The mixture's part sees the features as constants, and the
 * own head too unless `trainHead`. Without experts there is only the local part.
 */
export function jointObjective(
  job: MixtureTraining,
  mixture: DeviceMixture,
  headLayout: Layout,
  cut: DeviceCut,
): Objective {
  const { model, geometry, settings, localShare } = job
  return (inputs, wanted) => {
    const features = cut.features(inputs, true)
    const local = meanLoss(job, cut.logits(features, true), wanted)
    if (mixture.count === 0) return { loss: local, gate: tf.ones([1]) }
    const head = ownHead(model, headLayout)
    const own = settings.trainHead ? head : new Map([...head].map(([name, tensor]) => [name, constant(tensor)]))
    const { prediction, weights } = forward({ ...geometry, ...mixture, own, settings }, constant(features))
    const mixed = meanLoss(job, prediction, wanted)
    const loss = tf.add(tf.mul(local, localShare), tf.mul(mixed, 1 - localShare)) as Scalar
    return { loss, gate: tf.mean(weights, 0) }
  }
}

/** The own head as a stack of one, so that gradients reach the model's variables. */
export function ownHead(model: DeviceModel, headLayout: Layout): HeadStack {
  const first = model.layout.tensors.length - headLayout.tensors.length
  return new Map(
    headLayout.tensors.map(({ name }, i) => [name, tf.expandDims<Tensor>(model.variables[first + i]!)] as const),
  )
}

/** @param predictions - one after another, in whatever shape */
function meanLoss({ targets }: MixtureTraining, predictions: Tensor, wanted: Tensor2D): Scalar {
  return tf.mean(targets.losses(tf.reshape(predictions, wanted.shape), wanted))
}

/** The same numbers, through which no gradient goes. */
const constant = tf.customGrad(x => ({
  value: tf.clone(x as Tensor),
  gradFunc: dy => tf.zerosLike(dy as Tensor),
}))
