import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import { type DeviceCut, type DeviceModel, inputsOf, targetTensor, tf } from '../learner/device.js'
import { random } from '../random.js'
import type { Layout } from '../tensors/index.js'
import type { DeviceMixture } from './device.js'
import type { BatchFeatures } from './features.js'
import { forward } from './forward.js'
import type { HeadStack } from './head.js'
import type { MixtureTraining } from './training.js'

/** What one mini-batch gives: a loss to descend, and the gate's mean weights, [1 + experts]. */
export interface BatchOutcome {
  readonly loss: Scalar
  readonly gate: Tensor
}

/** Draws a mini-batch; what it gives computes the loss at the variables' present values, more than once with SAM. */
export type Objective = (indices: Int32Array, step: number) => () => BatchOutcome

/** The mixture's loss on features of a frozen body. */
export function alternateObjective(
  job: MixtureTraining,
  mixture: DeviceMixture,
  headLayout: Layout,
  features: BatchFeatures,
): Objective {
  const { model, geometry, settings } = job
  return (indices, step) => {
    const batch = features.take(indices, step)
    const wanted = targetsIn(job, indices)
    return () => {
      const own = ownHead(model, headLayout)
      const { prediction, weights } = forward({ ...geometry, ...mixture, own, settings }, batch)
      return { loss: meanLoss(job, prediction, wanted), gate: tf.mean(weights, 0) }
    }
  }
}

/**
 * a·L_local + (1−a)·L_mixture. The mixture's part sees the features as constants, and the own head too unless
 * `trainHead`. Without experts there is only the local part.
 */
export function jointObjective(
  job: MixtureTraining,
  mixture: DeviceMixture,
  headLayout: Layout,
  cut: DeviceCut,
): Objective {
  const { model, geometry, settings, localShare, seed, peer, round } = job
  return (indices, step) => {
    model.seedDropout(random(seed, 'dropout', peer, round, step))
    const inputs = inputsOf(job, indices, step)
    const wanted = targetsIn(job, indices)
    return () => {
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
}

/** The own head as a stack of one, so that gradients reach the model's variables. */
export function ownHead(model: DeviceModel, headLayout: Layout): HeadStack {
  const first = model.layout.tensors.length - headLayout.tensors.length
  return new Map(
    headLayout.tensors.map(({ name }, i) => [name, tf.expandDims<Tensor>(model.variables[first + i]!)] as const),
  )
}

function targetsIn({ targets }: MixtureTraining, indices: Int32Array): Tensor2D {
  return targetTensor(indices.length, targets, (row, into, at) => targets.write(indices[row]!, into, at))
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
