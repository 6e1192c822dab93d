import type { Tensor } from '@tensorflow/tfjs-core'
import type { Random } from '../random.js'
import { type Augmenter, createAugmenter } from './augment.js'
import { Desk } from './backend/desk.js'
import type { Augmentation } from './spec.js'
import { type SharedSamples, standardiserOf } from './standardise.js'
import { tf } from './tensorflow.js'

/** Where batches of inputs come from. The caller owns the tensors that it gets. */
export interface InputSource {
  /** The samples at these indices, [indices.length, …inputShape]. */
  take(indices: Int32Array): Tensor
  /** All samples, [size, …inputShape], where they are kept on the device. Asked within a tidy; they are not the caller's. */
  whole(): Tensor | undefined
  /**
   * `count` samples in a row, as a test goes through them. Never kept on the device: every peer standardises the test
   * set by its own mean and deviation, and the copies of sixteen peers took 0.5 GB.
   */
  slice(start: number, count: number): Tensor
  /**
   * The samples at these indices, varied: see augment.ts. Never kept on the device, since every batch is another.
   *
   * @param draw - random(seed, 'augment', peer, round, step)
   * @throws {@link HearsayError} `MANIFEST` when they are no images
   */
  augmented(indices: Int32Array, augmentation: Augmentation, draw: Pick<Random, 'integer'>): Tensor
}

/**
 * Standardised inputs to train on that this worker keeps on its device, each data set as one tensor, so that an epoch
 * moves indices instead of samples.
 *
 * Bounded: what was not used for longest goes when a new set would exceed `limitBytes`. A set that is larger than that
 * by itself is never kept: its batches are standardised from shared memory one by one, with the same numbers to the
 * last bit. So a large data set lies in memory once, however many workers there are.
 */
export class Residents {
  /** In order of use, the latest last. */
  private readonly held = new Map<number, { readonly tensor: Tensor; readonly bytes: number }>()
  private bytes = 0
  private readonly desk = new Desk()

  constructor(private readonly limitBytes: number) {}

  /**
   * @param key - the pool's number for this pair of samples and standardisation
   * @param inputShape - of one sample, as the model that asks wants it
   */
  source(key: number, samples: SharedSamples, inputShape: readonly number[]): InputSource {
    const standardise = standardiserOf(samples)
    const length = inputShape.reduce((product, axis) => product * axis, 1)
    const batch = (count: number, write: (values: Float32Array) => void): Tensor =>
      this.desk.tensor([count, ...inputShape], write)
    const slice: InputSource['slice'] = (start, count) =>
      batch(count, values => standardise(start * length, values, 0, count * length))
    // Only when they are requested as they are: samples that are always varied need not lie on the device too.
    const resident = (): Tensor | undefined => this.resident(key, samples.inputs.length, () => slice(0, samples.size))
    const augmenters = new Map<Augmentation, Augmenter>()
    return {
      take: indices => {
        const tensor = resident()
        if (tensor !== undefined) return taken(tensor, indices, inputShape)
        return batch(indices.length, values => {
          for (const [i, index] of indices.entries()) standardise(index * length, values, i * length, length)
        })
      },
      whole: () => {
        const tensor = resident()
        return tensor && shaped(tensor, inputShape)
      },
      slice,
      augmented(indices, augmentation, draw) {
        const augment = augmenters.get(augmentation) ?? createAugmenter(samples, inputShape, augmentation)
        augmenters.set(augmentation, augment)
        return tf.tensor(augment(indices, draw), [indices.length, ...inputShape], 'float32')
      },
    }
  }

  /** Frees a set that cannot be requested again. */
  release(key: number): void {
    const resident = this.held.get(key)
    if (resident === undefined) return
    this.held.delete(key)
    this.bytes -= resident.bytes
    resident.tensor.dispose()
  }

  private resident(key: number, numbers: number, upload: () => Tensor): Tensor | undefined {
    const known = this.held.get(key)
    if (known !== undefined) {
      this.held.delete(key)
      this.held.set(key, known)
      return known.tensor
    }
    const bytes = numbers * Float32Array.BYTES_PER_ELEMENT
    if (bytes > this.limitBytes) return undefined
    for (const oldest of this.held.keys()) {
      if (this.bytes + bytes <= this.limitBytes) break
      this.release(oldest)
    }
    // It may be requested first in the middle of a step, whose own tensors go when the step ends.
    const tensor = tf.keep(upload())
    this.held.set(key, { tensor, bytes })
    this.bytes += bytes
    return tensor
  }
}

function taken(tensor: Tensor, indices: Int32Array, inputShape: readonly number[]): Tensor {
  return tf.tidy(() => shaped(tf.gather(tensor, tf.tensor1d(indices, 'int32')), inputShape))
}

/** Another model may have asked first that takes the same numbers in another shape. */
function shaped(rows: Tensor, inputShape: readonly number[]): Tensor {
  return rows.shape.slice(1).join() === inputShape.join() ? rows : tf.reshape(rows, [rows.shape[0]!, ...inputShape])
}
