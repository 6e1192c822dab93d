import { HearsayError } from '../errors.js'
import type { Random } from '../random.js'
import type { Augmentation } from './spec.js'
import { type SharedSamples, type Standardiser, standardiserOf } from './standardise.js'

/*
 * Images varied while a batch is put together: a random crop out of the padded image and a mirror, the augmentation of
 * the CIFAR line (ALGORITHMS.md 4.1). The padding is black, 0 before standardisation, as in torchvision's RandomCrop
 * in front of its Normalize: a padded pixel is (0 − mean) / std.
 */

/**
 * Can these data be varied so?
 *
 * @param inputShape - one sample's
 * @throws {@link HearsayError} `MANIFEST` when they are no images, or smaller than the shift
 */
export function checkAugmentation({ crop }: Augmentation, inputShape: readonly number[]): void {
  if (inputShape.length !== 3) {
    throw new HearsayError('MANIFEST', `is for images and the data has ${inputShape.join('×')} features; remove it`, {
      field: 'augment',
    })
  }
  const side = Math.min(inputShape[0]!, inputShape[1]!)
  if (crop < side) return
  throw new HearsayError('MANIFEST', `must be less than ${side}, the images' smaller side, not ${crop}`, {
    field: 'augment.crop',
  })
}

/** Fills one batch after another. */
export type Augmenter = (indices: Int32Array, draw: Pick<Random, 'integer'>) => Float32Array

/**
 * Prepares samples for being varied.
 *
 * @param inputShape - [height, width, channels]
 * @returns for each batch fresh numbers, [indices.length, height, width, channels]; what is drawn for a sample depends
 *   on the draws before it in the batch only
 * @throws {@link HearsayError} `MANIFEST`, see {@link checkAugmentation}
 */
export function createAugmenter(
  samples: SharedSamples,
  inputShape: readonly number[],
  augmentation: Augmentation,
): Augmenter {
  checkAugmentation(augmentation, inputShape)
  const [height, width, channels] = inputShape as [number, number, number]
  const { crop, flip } = augmentation
  const size = height * width * channels
  const write = rowWriter(standardiserOf(samples), channels)
  const black = blackOf(samples, channels)

  return (indices, draw) => {
    const batch = new Float32Array(indices.length * size)
    for (let i = 0; i < indices.length; i++) {
      const down = crop > 0 ? draw.integer(2 * crop + 1) - crop : 0
      const right = crop > 0 ? draw.integer(2 * crop + 1) - crop : 0
      const mirror = flip && draw.integer(2) === 1
      // What of the image is seen; the rest is padding.
      const first = Math.max(0, -right)
      const end = Math.min(width, width - right)
      for (let y = 0; y < height; y++) {
        const to = i * size + y * width * channels
        const row = y + down
        const seen = row >= 0 && row < height
        for (let x = 0; x < width; x++) {
          if (seen && x === first) x = end
          const at = to + (mirror ? width - 1 - x : x) * channels
          if (x < width) for (let channel = 0; channel < channels; channel++) batch[at + channel] = black[channel]!
        }
        if (!seen) continue
        const from = indices[i]! * size + (row * width + first + right) * channels
        write(from, batch, to + (mirror ? width - 1 - first : first) * channels, end - first, mirror)
      }
    }
    return batch
  }
}

/** Writes `count` pixels in a row, from the left or mirrored from the right, standardised. */
type RowWriter = (from: number, into: Float32Array, to: number, count: number, mirror: boolean) => void

function rowWriter(standardise: Standardiser, channels: number): RowWriter {
  return (from, into, to, count, mirror) => {
    if (!mirror) return standardise(from, into, to, count * channels)
    for (let x = 0; x < count; x++) standardise(from + x * channels, into, to - x * channels, channels)
  }
}

/** A pixel of the padding, standardised. */
function blackOf(samples: SharedSamples, channels: number): Float32Array {
  const black = new Float32Array(channels)
  standardiserOf({ ...samples, inputs: new Float32Array(channels) })(0, black, 0, channels)
  return black
}
