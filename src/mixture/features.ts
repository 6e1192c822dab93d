import type { Tensor } from '@tensorflow/tfjs-core'
import { type DeviceCut, type DeviceModel, forwardBatch, type InputSource, tf } from '../learner/device.js'

/**
 * Features that a job keeps on its device. 256 MiB hold a million samples of 64 numbers; with more, each batch goes
 * through the body again, which costs time and no memory. Not shared out among workers: on which side a job is must not
 * depend on their number, as the last bits may.
 */
const keptBytes = 2 ** 28

/** Whether those of so many samples are kept. */
export function keepsFeatures({ featureShape }: DeviceCut, size: number): boolean {
  const length = featureShape.reduce((product, axis) => product * axis, 1)
  return size * length * Float32Array.BYTES_PER_ELEMENT <= keptBytes
}

/**
 * What the body, as it is on the device now, makes of `size` samples, [size, …featureShape]. The body runs as in
 * prediction: no dropout, no batch statistics.
 *
 * @returns a tensor of the caller's; nothing when it was aborted
 */
export async function featuresOf(
  model: DeviceModel,
  cut: DeviceCut,
  source: InputSource,
  size: number,
  aborted: () => boolean,
): Promise<Tensor | undefined> {
  const parts: Tensor[] = []
  try {
    const batch = forwardBatch(model)
    for (let start = 0; start < size; start += batch) {
      if (aborted()) return undefined
      parts.push(tf.tidy(() => cut.features(source.slice(start, Math.min(batch, size - start)), false)))
      // A GPU takes batches faster than it does them; what waits holds its memory.
      await parts.at(-1)!.data()
    }
    return tf.concat(parts)
  } finally {
    tf.dispose(parts)
  }
}
