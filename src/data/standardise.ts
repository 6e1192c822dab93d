import { HearsayError } from '../errors.js'
import { channelsOf, type Dataset, type Samples, type Standardisation, type StandardisationName } from './dataset.js'

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

/**
 * Mean and deviation of a peer's own samples, per channel or per feature. Missing values (NaN) do not count; after
 * standardisation a missing value is 0, which is the mean.
 */
export function standardisationOf(samples: Samples, inputShape: readonly number[]): Standardisation {
  const channels = channelsOf(inputShape)
  return samples.inputs instanceof Uint8Array ? ofPixels(samples.inputs, channels) : ofNumbers(samples.inputs, channels)
}

/** By a histogram: exact, and one addition a pixel. */
function ofPixels(pixels: Uint8Array, channels: number): Standardisation {
  const counts = new Float64Array(channels * 256)
  for (let at = 0; at < pixels.length; ) {
    for (let channel = 0; channel < channels; channel++) counts[channel * 256 + pixels[at++]!]!++
  }
  return perChannel(channels, channel => {
    const of = counts.subarray(channel * 256, channel * 256 + 256)
    const count = of.reduce((sum, n) => sum + n, 0)
    const mean = of.reduce((sum, n, value) => sum + n * value, 0) / count / 255
    const variance = of.reduce((sum, n, value) => sum + n * (value / 255 - mean) ** 2, 0) / count
    return { mean, variance }
  })
}

function ofNumbers(values: Float32Array, channels: number): Standardisation {
  const sums = new Float64Array(channels)
  const counts = new Float64Array(channels)
  const squares = new Float64Array(channels)
  for (let at = 0; at < values.length; ) {
    for (let channel = 0; channel < channels; channel++) {
      const value = values[at++]!
      if (Number.isNaN(value)) continue
      sums[channel]! += value
      counts[channel]!++
    }
  }
  for (let at = 0; at < values.length; ) {
    for (let channel = 0; channel < channels; channel++) {
      const value = values[at++]!
      if (!Number.isNaN(value)) squares[channel]! += (value - sums[channel]! / counts[channel]!) ** 2
    }
  }
  return perChannel(channels, channel => ({
    mean: sums[channel]! / counts[channel]!,
    variance: squares[channel]! / counts[channel]!,
  }))
}

function perChannel(channels: number, of: (channel: number) => { mean: number; variance: number }): Standardisation {
  const mean = new Float32Array(channels)
  const std = new Float32Array(channels).fill(unknownSpread)
  for (let channel = 0; channel < channels; channel++) {
    const moments = of(channel)
    if (!Number.isFinite(moments.mean)) continue
    mean[channel] = moments.mean
    const deviation = Math.sqrt(moments.variance)
    if (deviation > roundingShare * Math.max(Math.abs(moments.mean), 1e-12)) std[channel] = deviation
  }
  return { mean, std }
}

/**
 * The standardisation that a peer with these samples uses, by the data section's rule.
 *
 * @throws {@link HearsayError} when fixed numbers do not fit the inputs
 */
export function peerStandardisation(dataset: Dataset, samples: Samples): Standardisation {
  const rule = dataset.standardise ?? 'peer'
  if (rule === 'peer') return standardisationOf(samples, dataset.inputShape)
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
 * What the averaged model is tested with: no peer's own statistics would suit it better than another's. The model sees
 * differences divided by a deviation, so it is the divisors' inverses that are averaged.
 */
export function meanStandardisation(all: readonly Standardisation[]): Standardisation {
  const average = (of: (one: Standardisation) => Float32Array): Float32Array =>
    of(all[0]!).map((_, k) => all.reduce((sum, one) => sum + of(one)[k]!, 0) / all.length)
  return {
    mean: average(({ mean }) => mean),
    std: average(({ std }) => std.map(value => 1 / value)).map(inverse => 1 / inverse),
  }
}
