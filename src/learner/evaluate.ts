import type { Tensor } from '@tensorflow/tfjs-core'
import { type DeviceModel, upload } from './models/model.js'
import type { InputSource } from './residents.js'
import { answersOf, rowsOf, type Targets, targetTensor } from './targets.js'
import { tf } from './tensorflow.js'
import type { Evaluation } from './types.js'

/** What is to be evaluated. */
export interface EvaluationJob {
  readonly parameters: Float32Array
  readonly source: InputSource
  readonly targets: Targets
  readonly size: number
  /** See {@link EvaluateOptions}. */
  readonly graded: boolean
}

/** Enough to keep the device busy. */
const largestBatch = 256
/**
 * What the layers of one batch may put out together: 256 MB of numbers. The whole of it is on the device at once, in
 * every worker; in batches of 256 a ResNet-18 held 2 GB.
 */
const batchActivations = 2 ** 26

/** How many samples go through a model at once where nothing is trained. */
export function forwardBatch({ activations }: Pick<DeviceModel, 'activations'>): number {
  return Math.max(1, Math.min(largestBatch, Math.floor(batchActivations / activations)))
}

/** How good the model is over all samples; nothing when it was aborted between batches. */
export async function evaluate(
  model: DeviceModel,
  { parameters, source, targets, size, graded }: EvaluationJob,
  aborted: () => boolean,
): Promise<Evaluation | undefined> {
  upload(model, parameters)
  const answers = answersOf(targets, graded)
  const batch = forwardBatch(model)
  const sums: Tensor[] = []
  const rows: Tensor[] = []
  try {
    for (let start = 0; start < size; start += batch) {
      if (aborted()) return undefined
      const count = Math.min(batch, size - start)
      const [sum, ...said] = tf.tidy(() => {
        const outputs = rowsOf(model.logits(source.slice(start, count), false))
        const wanted = targetTensor(count, targets, (row, into, at) => targets.write(start + row, into, at))
        const sum: Tensor = targets.tally(tf.expandDims(outputs), wanted)
        return answers === undefined ? [sum] : [sum, answers.of(outputs)]
      })
      sums.push(sum!)
      rows.push(...said)
    }
    const totals: number[] = []
    for (const sum of sums) {
      for (const [i, value] of (await sum.data()).entries()) totals[i] = (totals[i] ?? 0) + value
    }
    if (size === 0) return { loss: 0, accuracy: 0, samples: 0 }
    const grade = answers?.grade(await joined(rows, size * answers.width))
    return { loss: totals[0]! / size, ...targets.measure(totals, size), ...grade, samples: size }
  } finally {
    tf.dispose([...sums, ...rows])
  }
}

/** All numbers of some tensors, one behind the other. */
async function joined(tensors: readonly Tensor[], length: number): Promise<Float32Array> {
  const values = new Float32Array(length)
  let at = 0
  for (const tensor of tensors) {
    values.set(await tensor.data(), at)
    at += tensor.size
  }
  return values
}
