import { forwardBatch } from './evaluate.js'
import { type DeviceModel, upload } from './models/model.js'
import type { InputSource } from './residents.js'
import { rowsOf } from './targets.js'
import { tf } from './tensorflow.js'

/** Samples that a model is asked about. */
export interface PredictionJob {
  readonly parameters: Float32Array
  readonly source: InputSource
  readonly size: number
}

/**
 * What the model puts out for each sample, a row each; nothing when it was aborted between batches. In the batches of
 * {@link evaluate}, so that both see the same numbers.
 */
export async function predict(
  model: DeviceModel,
  { parameters, source, size }: PredictionJob,
  aborted: () => boolean,
): Promise<Float32Array | undefined> {
  upload(model, parameters)
  const batch = forwardBatch(model)
  let outputs = new Float32Array(0)
  for (let start = 0; start < size; start += batch) {
    if (aborted()) return undefined
    const count = Math.min(batch, size - start)
    const rows = tf.tidy(() => rowsOf(model.logits(source.slice(start, count), false)))
    try {
      const values = await rows.data()
      if (start === 0) outputs = new Float32Array(size * (values.length / count))
      outputs.set(values, start * (values.length / count))
    } finally {
      rows.dispose()
    }
  }
  return outputs
}
