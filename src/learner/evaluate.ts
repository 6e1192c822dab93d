import type { Tensor } from '@tensorflow/tfjs-core'
import { crossEntropy } from './backend/kernels/cross-entropy.js'
import { type DeviceModel, upload } from './models/model.js'
import { oneHot } from './one-hot.js'
import type { InputSource } from './residents.js'
import { tf } from './tensorflow.js'
import type { Evaluation } from './types.js'

/** What is to be evaluated. */
export interface EvaluationJob {
  readonly parameters: Float32Array
  readonly source: InputSource
  readonly labels: Int32Array
  readonly size: number
  readonly classes: number
}

/** Enough to keep the device busy. */
const largestBatch = 256
/**
 * What the layers of one batch may put out together: 256 MB of numbers. The whole of it is on the device at once, in
 * every worker; in batches of 256 a ResNet-18 held 2 GB.
 */
const batchActivations = 2 ** 26

/** Loss and accuracy over all samples; nothing when it was aborted between batches. */
export async function evaluate(
  model: DeviceModel,
  { parameters, source, labels, size, classes }: EvaluationJob,
  aborted: () => boolean,
): Promise<Evaluation | undefined> {
  upload(model, parameters)
  const batch = Math.max(1, Math.min(largestBatch, Math.floor(batchActivations / model.activations)))
  const sums: Tensor[] = []
  try {
    for (let start = 0; start < size; start += batch) {
      if (aborted()) return undefined
      const count = Math.min(batch, size - start)
      sums.push(
        tf.tidy(() => {
          const logits = model.logits(source.slice(start, count), false)
          const targets = oneHot(count, classes, i => labels[start + i])
          const right = tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), tf.argMax(targets, 1)), 'float32'))
          return tf.stack([tf.sum(crossEntropy(logits, targets)[0]), right])
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
