import { createRequire } from 'node:module'
import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import { tf } from '../learner/tensorflow.js'

/*
 * A program of its own, `node trial.js ENTRY`: loads an installed package as the learner does and trains a small
 * convolutional network with it. A library that does not fit can end its process; this one is there to be ended.
 */

/** What the trial prints, as one line of JSON. */
export interface Trial {
  readonly tensorflow: string
  readonly gpu: boolean
  /** The loss before the first step and after the last. */
  readonly before: number
  readonly after: number
}

interface NativeBackend {
  readonly isUsingGpuDevice: boolean
  readonly binding: { readonly TF_Version: string }
}

const steps = 20

function train(): { before: number; after: number } {
  const images = tf.randomNormal([16, 8, 8, 1], 0, 1, 'float32', 1) as Tensor4D
  // Labels that can be learnt: is the image's mean above zero?
  const labels = tf.oneHot(tf.cast(tf.greater(tf.mean(images, [1, 2, 3]), 0), 'int32'), 2)
  const filters = tf.variable(tf.randomNormal([3, 3, 1, 4], 0, 0.3, 'float32', 2) as Tensor4D)
  const weights = tf.variable(tf.randomNormal([64, 2], 0, 0.1, 'float32', 3) as Tensor2D)
  const loss = (): Scalar => {
    const features = tf.maxPool(tf.relu(tf.conv2d(images, filters, 1, 'same')), 2, 2, 'valid')
    return tf.losses.softmaxCrossEntropy(labels, tf.matMul(tf.reshape(features, [16, 64]), weights)) as Scalar
  }
  const optimiser = tf.train.sgd(0.1)
  const before = loss().dataSync()[0]!
  for (let step = 0; step < steps; step++) optimiser.minimize(loss)
  return { before, after: loss().dataSync()[0]! }
}

const entry = process.argv[2]!
createRequire(entry)(entry)
await tf.setBackend('tensorflow')
const backend = tf.backend() as unknown as NativeBackend
const trial: Trial = { tensorflow: backend.binding.TF_Version, gpu: backend.isUsingGpuDevice, ...train() }
process.stdout.write(`${JSON.stringify(trial)}\n`)
