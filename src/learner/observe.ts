import { HearsayError } from '../errors.js'
import { random } from '../random.js'
import { areFinite } from '../tensors/index.js'
import { type BatchOrder, batches } from './batches.js'
import { BatchNormalization } from './models/layers/batch-normalization.js'
import { type DeviceModel, download, upload } from './models/model.js'
import type { InputSource } from './residents.js'
import { tf } from './tensorflow.js'

/** A pass over samples that trains nothing. */
export interface ObservationJob extends Omit<BatchOrder, 'length'> {
  readonly parameters: Float32Array
  readonly source: InputSource
}

/**
 * Makes the moving statistics of batch normalisation anew: the mean of those of all batches of one pass. A mean of models
 * has activations that none of them had, of which a mean of their statistics says little (arXiv 2507.06542).
 *
 * @param aborted - asked before each batch
 * @returns the parameters with them; nothing when it was aborted, or where there are none to be made
 * @throws {@link HearsayError} `DIVERGED` when one of them is not finite
 */
export async function observe(
  model: DeviceModel,
  { parameters, source, ...order }: ObservationJob,
  aborted: () => boolean,
): Promise<Float32Array | undefined> {
  const layers = model.layers.filter(layer => (layer as object) instanceof BatchNormalization && layer.trainable)
  const moving = layers as unknown as BatchNormalization[]
  if (moving.length === 0 || order.size === 0) return undefined
  upload(model, parameters)
  const { seed, peer, round } = order
  model.seedDropout(random(seed, 'observe', peer, round))
  try {
    let batch = 0
    for (const indices of batches({ ...order, length: { epochs: 1 } })) {
      if (aborted()) return undefined
      batch += 1
      // Of the first batch nothing of what was there before is left.
      for (const layer of moving) layer.newest = 1 / batch
      tf.tidy(() => void model.logits(source.take(indices), true))
    }
  } finally {
    for (const layer of moving) layer.newest = undefined
  }
  const observed = await download(model)
  if (areFinite(observed)) return observed
  throw new HearsayError('DIVERGED', 'the statistics of batch normalisation are not finite after the final merge')
}
