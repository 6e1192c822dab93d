import type { Tensor } from '@tensorflow/tfjs-core'
import {
  batches,
  type DeviceModel,
  type InputSource,
  rowsOf,
  type Targets,
  targetTensor,
  tf,
  upload,
  uploadPart,
} from '../../learner/device.js'
import { moveAlong } from './directions.js'
import type { SlopesAnswer, SlopesAsk } from './jobs.js'

/** Where the records come from. */
export interface SlopesData {
  readonly source: InputSource
  readonly targets: Targets
  readonly size: number
}

/**
 * Two-point estimates (MeZO, arXiv 2305.17333): two forward passes a direction, on one batch. The model is moved from a
 * copy each time, not moved back, so that no rounding is left in it. No dropout: both passes see the same model.
 *
 * @returns nothing when it was aborted between directions
 */
export async function slopesOf(
  model: DeviceModel,
  { source, targets, size }: SlopesData,
  { parameters, part: { start, end }, key, samples, epsilon, batch, seed, peer, round }: SlopesAsk,
  aborted: () => boolean,
): Promise<Omit<SlopesAnswer, 'seconds'> | undefined> {
  upload(model, parameters)
  const own = parameters.slice(start, end)
  const moved = new Float32Array(own.length)
  const slopes = new Float32Array(samples)
  let sum = 0
  let sample = 0
  for (const indices of batches({ size, batch, length: { steps: samples }, seed, peer, round })) {
    if (aborted()) return undefined
    const losses = (side: number): Tensor => {
      moved.set(own)
      moveAlong(moved, side * epsilon, key, sample)
      uploadPart(model, moved, start)
      return tf.tidy(() => {
        const wanted = targetTensor(indices.length, targets, (row, into, at) => targets.write(indices[row]!, into, at))
        const inputs = source.take(indices)
        const outputs = rowsOf(model.logits(inputs, false))
        inputs.dispose()
        return targets.losses(outputs, wanted)
      })
    }
    const [ahead, behind] = [losses(1), losses(-1)]
    // Record by record, as sums of many nearly equal numbers would lose what is left of them.
    const [difference, both] = tf.tidy(() => [tf.mean(tf.sub(ahead, behind)), tf.mean(tf.add(ahead, behind))])
    slopes[sample++] = (await difference.data())[0]! / (2 * epsilon)
    sum += (await both.data())[0]! / 2
    tf.dispose([ahead, behind, difference, both])
  }
  return { slopes, loss: sample === 0 ? Number.NaN : sum / sample }
}
