import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import { HearsayError } from '../errors.js'
import { random } from '../random.js'
import { batches } from './batches.js'
import { type DeviceModel, download, upload } from './models/model.js'
import type { InputSource } from './residents.js'
import type { LocalTraining } from './spec.js'
import { crossEntropy, type StepSettings, type StepTarget, trainingStep } from './step.js'
import { tf } from './tensorflow.js'
import type { Evaluation } from './types.js'

/** One round of one peer. */
export interface TrainingJob {
  readonly parameters: Float32Array
  readonly source: InputSource
  readonly labels: Int32Array
  readonly size: number
  readonly classes: number
  readonly seed: number
  readonly peer: number
  readonly round: number
  readonly training: LocalTraining
}

/** The outcome of a job, not yet written back. */
export interface Trained {
  readonly parameters: Float32Array
  readonly loss: number
  readonly samples: number
  readonly steps: number
}

/**
 * Trains from `job.parameters` and leaves them as they are: the caller writes the result back, if it is still wanted.
 *
 * @param aborted - asked before each step
 * @returns nothing when it was aborted
 * @throws {@link HearsayError} `RUN` when a parameter is no longer finite
 */
export async function train(
  model: DeviceModel,
  job: TrainingJob,
  aborted: () => boolean,
): Promise<Trained | undefined> {
  const { training, size, seed, peer, round } = job
  if (size === 0) throw new HearsayError('DATA', `peer ${peer} has no samples to train on`)
  const settings: StepSettings = { ...training, learningRate: training.learningRate * training.decay ** round }
  upload(model, job.parameters)
  const velocity =
    training.momentum > 0 ? tf.tidy(() => model.trainable.map(v => tf.variable(tf.zerosLike(v), false))) : []
  const target: StepTarget = { variables: model.trainable, tracked: model.tracked, velocity }
  // Summed on the device and read once: reading it every step would make the device wait for us.
  let total = tf.scalar(0)
  let steps = 0
  let samples = 0
  try {
    for (const indices of batches({ ...training, size, seed, peer, round })) {
      if (aborted()) return undefined
      model.seedDropout(random(seed, 'dropout', peer, round, steps))
      const sum: Scalar = tf.tidy(() => tf.add(total, stepOn(model, job, indices, target, settings)))
      total.dispose()
      total = sum
      steps++
      samples += indices.length
    }
    const parameters = await download(model)
    if (!parameters.every(Number.isFinite)) {
      throw new HearsayError(
        'RUN',
        `training of peer ${peer} diverged in round ${round}: parameters are no longer finite; lower training.learningRate, or set training.clip`,
      )
    }
    return { parameters, loss: (await total.data())[0]! / steps, steps, samples }
  } finally {
    total.dispose()
    tf.dispose(velocity)
  }
}

function stepOn(
  model: DeviceModel,
  { source, labels, classes }: TrainingJob,
  indices: Int32Array,
  target: StepTarget,
  settings: StepSettings,
): Scalar {
  const inputs = source.take(indices)
  const targets = oneHot(indices.length, classes, i => labels[indices[i]!]!)
  return trainingStep(() => crossEntropy(model.logits(inputs, true), targets), target, settings)
}

/** Built on the host, four bytes a class: less than a kernel call. */
function oneHot(count: number, classes: number, label: (i: number) => number): Tensor2D {
  const values = new Float32Array(count * classes)
  for (let i = 0; i < count; i++) values[i * classes + label(i)] = 1
  return tf.tensor2d(values, [count, classes])
}

/** What is to be evaluated. */
export interface EvaluationJob {
  readonly parameters: Float32Array
  readonly source: InputSource
  readonly labels: Int32Array
  readonly size: number
  readonly classes: number
}

/** Large enough to keep the device busy, small enough for the activations of a wide model. */
const evaluationBatch = 256

/** Loss and accuracy over all samples; nothing when it was aborted between batches. */
export async function evaluate(
  model: DeviceModel,
  { parameters, source, labels, size, classes }: EvaluationJob,
  aborted: () => boolean,
): Promise<Evaluation | undefined> {
  upload(model, parameters)
  const sums: Tensor[] = []
  try {
    for (let start = 0; start < size; start += evaluationBatch) {
      if (aborted()) return undefined
      const count = Math.min(evaluationBatch, size - start)
      sums.push(
        tf.tidy(() => {
          const logits = model.logits(source.slice(start, count), false)
          const targets = oneHot(count, classes, i => labels[start + i]!)
          const right = tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), tf.argMax(targets, 1)), 'float32'))
          return tf.stack([tf.mul(crossEntropy(logits, targets), count), right])
        }),
      )
    }
    let loss = 0
    let right = 0
    for (const sum of sums) {
      const [batchLoss, batchRight] = await sum.data()
      loss += batchLoss!
      right += batchRight!
    }
    return { loss: size === 0 ? 0 : loss / size, accuracy: size === 0 ? 0 : right / size, samples: size }
  } finally {
    tf.dispose(sums)
  }
}
