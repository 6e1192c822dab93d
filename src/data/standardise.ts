import { HearsayError } from '../errors.js'
import {
  channelsOf,
  type Dataset,
  type Samples,
  type Standardisation,
  type StandardisationName,
  type StandardiseRule,
} from './dataset.js'
import { type Moments, momentsOf, spreadOf } from './moments.js'

/**
 * The deviation of a feature that does not vary at a peer, or is never known there. It divides by so much that the
 * feature is 0 whatever another peer's samples hold: a hospital that writes 0 for every cholesterol value would
 * otherwise see 233 deviations at the next hospital and its model would blow up. Finite, because JSON has no infinity.
 */
export const unknownSpread = 1e30

/** Mean and deviation per channel of a known set's training images, a pixel of 255 being 1. */
const known: Readonly<Record<StandardisationName, Standardisation>> = {
  // ALGORITHMS.md 4.1: the DFedSAM line.
  cifar10: {
    mean: Float32Array.of(0.49139968, 0.48215827, 0.44653124),
    std: Float32Array.of(0.24703233, 0.24348505, 0.26158768),
  },
  // PyTorch's own example, pytorch/examples mnist/main.py.
  mnist: { mean: Float32Array.of(0.1307), std: Float32Array.of(0.3081) },
  // What torchvision's pre-trained models take.
  imagenet: { mean: Float32Array.of(0.485, 0.456, 0.406), std: Float32Array.of(0.229, 0.224, 0.225) },
}

/** The names that `data.standardise` takes. */
export const standardisationNames = Object.keys(known) as StandardisationName[]

/** Deviations below this share of the mean are rounding, not variation: the feature is constant. */
const roundingShare = 1e-6

/** A column's mean and deviation; {@link unknownSpread} where it does not vary, or is not known. */
export interface Scale {
  readonly mean: number
  readonly std: number
}

/** @param moments - exact, so that every peer that has the same gets the same, to the last bit */
export function scaleOf(moments: Moments): Scale {
  const { mean, deviation } = spreadOf(moments) ?? { mean: 0, deviation: 0 }
  return { mean, std: deviation > roundingShare * Math.max(Math.abs(mean), 1e-12) ? deviation : unknownSpread }
}

/** @param unit - what is 1 to the model: 255 of pixels */
export function standardisationBy(scales: readonly Scale[], unit: number): Standardisation {
  return {
    mean: Float32Array.from(scales, ({ mean }) => mean / unit),
    std: Float32Array.from(scales, ({ std }) => (std === unknownSpread ? std : std / unit)),
  }
}

/** What is 1 to the model: a pixel of 255. */
export function unitOf({ inputs }: Pick<Samples, 'inputs'>): number {
  return inputs instanceof Uint8Array ? 255 : 1
}

/**
 * Mean and deviation of a peer's own samples, per channel or per feature. Missing values (NaN) do not count; after
 * standardisation a missing value is 0, which is the mean.
 */
export function standardisationOf(samples: Samples, inputShape: readonly number[]): Standardisation {
  return standardisationBy(momentsOf(samples, channelsOf(inputShape)).map(scaleOf), unitOf(samples))
}

/**
 * The standardisation of these samples' inputs by a rule that asks nobody else.
 *
 * @throws {@link HearsayError} when fixed numbers do not fit the inputs
 */
export function lonelyStandardisation(
  rule: Exclude<StandardiseRule, 'agreed'>,
  dataset: Pick<Dataset, 'name' | 'inputShape'>,
  samples: Samples,
): Standardisation {
  if (rule === 'own') return standardisationOf(samples, dataset.inputShape)
  const channels = channelsOf(dataset.inputShape)
  if (rule === 'none') return { mean: new Float32Array(channels), std: new Float32Array(channels).fill(1) }
  const given = typeof rule === 'string' ? known[rule] : rule
  for (const name of ['mean', 'std'] as const) {
    if (given[name].length !== channels) {
      const each = dataset.inputShape.length === 1 ? 'feature' : 'channel'
      throw new HearsayError(
        'DATA',
        `data.standardise${typeof rule === 'string' ? `: ${rule}` : `.${name}:`} has ${given[name].length} numbers; ${dataset.name} needs ${channels}, one per ${each}`,
      )
    }
  }
  // One object for all peers: workers keep a test set on their device once for each standardisation.
  return given
}

/**
 * What the averaged model is tested with, where peers standardise by their own: no peer's statistics would suit it
 * better than another's. The model sees differences divided by a deviation, so it is the divisors' inverses that are
 * averaged.
 */
export function meanStandardisation(all: readonly Standardisation[]): Standardisation {
  const [first] = all as [Standardisation]
  const average = (of: (one: Standardisation) => Float32Array): Float32Array =>
    of(first).map((_, k) => all.reduce((sum, one) => sum + of(one)[k]!, 0) / all.length)
  return {
    mean: average(({ mean }) => mean),
    std: average(({ std }) => std.map(value => 1 / value)).map(inverse => 1 / inverse),
    ...(first.target && { target: first.target }),
  }
}
