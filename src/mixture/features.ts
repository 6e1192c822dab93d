import type { Tensor } from '@tensorflow/tfjs-core'
import { type DeviceCut, type DeviceModel, forwardBatch, type InputSource, tf } from '../learner/device.js'
import type { Augmentation } from '../learner/index.js'
import type { Random } from '../random.js'

/** Where the features of training come from. The caller owns the tensors that it gets. */
export interface BatchFeatures {
  /** Of the samples at these indices, [indices.length, …featureShape]. */
  take(indices: Int32Array, step: number): Tensor
  dispose(): void
}

/** Where a frozen body's features come from, batch by batch. */
export interface FeatureSource extends BatchFeatures {
  /** The samples at these indices, [indices.length, …featureShape]. */
  take(indices: Int32Array): Tensor
  /** `count` samples in a row. */
  slice(start: number, count: number): Tensor
}

/**
 * Features of images that are varied anew for every batch, so that none can be kept.
 *
 * @param draw - of a step
 */
export function variedFeatures(
  cut: DeviceCut,
  source: InputSource,
  augmentation: Augmentation,
  draw: (step: number) => Random,
): BatchFeatures {
  return {
    take: (indices, step) => tf.tidy(() => cut.features(source.augmented(indices, augmentation, draw(step)), false)),
    dispose: () => {},
  }
}

/**
 * Features that a job keeps on its device. 256 MiB hold a million samples of 64 numbers; with more, each batch goes
 * through the body again, which costs time and no memory. Not shared out among workers: on which side a job is must not
 * depend on their number, as the last bits may.
 */
const keptBytes = 2 ** 28

/**
 * What the body, as it is on the device now, makes of `size` samples. It must not change until the source is disposed
 * of. The body runs as in prediction: no dropout, no batch statistics.
 *
 * @returns nothing when it was aborted
 */
export async function featuresOf(
  model: DeviceModel,
  cut: DeviceCut,
  source: InputSource,
  size: number,
  aborted: () => boolean,
): Promise<FeatureSource | undefined> {
  const compute = (inputs: () => Tensor): Tensor => tf.tidy(() => cut.features(inputs(), false))
  const { featureShape } = cut
  const length = featureShape.reduce((product, axis) => product * axis, 1)
  if (size * length * Float32Array.BYTES_PER_ELEMENT > keptBytes) {
    return {
      take: indices => compute(() => source.take(indices)),
      slice: (start, count) => compute(() => source.slice(start, count)),
      dispose: () => {},
    }
  }
  const parts: Tensor[] = []
  try {
    const batch = forwardBatch(model)
    for (let start = 0; start < size; start += batch) {
      if (aborted()) return undefined
      parts.push(compute(() => source.slice(start, Math.min(batch, size - start))))
      // A GPU takes batches faster than it does them; what waits holds its memory.
      await parts.at(-1)!.data()
    }
    const all = tf.concat(parts)
    return {
      take: indices => tf.tidy(() => tf.gather(all, tf.tensor1d(indices, 'int32'))),
      slice: (start, count) => tf.slice(all, [start, ...featureShape.map(() => 0)], [count, ...featureShape]),
      dispose: () => all.dispose(),
    }
  } finally {
    tf.dispose(parts)
  }
}
