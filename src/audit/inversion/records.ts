import type { Samples, Standardisation } from '../../data/index.js'

/** Inputs on the scale of their range: 0 is the least that occurs, of pixels black, and 1 the most. */
export interface Scale {
  /** Of a sample. */
  original(samples: Samples, at: number): Float32Array
  /** Of standardised inputs, as a model has them. */
  fromStandardised(values: Float32Array): Float32Array
}

/** @param all - which occur; the range of numbers is that of each channel or column in them */
export function scaleOf(all: Samples, { mean, std }: Standardisation): Scale {
  const channels = mean.length
  const isPixels = all.inputs instanceof Uint8Array
  const low = new Float32Array(channels).fill(isPixels ? 0 : Number.POSITIVE_INFINITY)
  const high = new Float32Array(channels).fill(isPixels ? 1 : Number.NEGATIVE_INFINITY)
  if (!isPixels) {
    for (const [k, value] of all.inputs.entries()) {
      if (value < low[k % channels]!) low[k % channels] = value
      if (value > high[k % channels]!) high[k % channels] = value
    }
  }
  const scaled = (value: number, channel: number): number => {
    const range = high[channel]! - low[channel]!
    return range > 0 ? (value - low[channel]!) / range : 0
  }
  return {
    original({ inputs, size }, at) {
      const length = inputs.length / size
      return Float32Array.from({ length }, (_, k) => {
        const value = inputs[at * length + k]! / (isPixels ? 255 : 1)
        // Standardised, a missing value is the mean.
        return scaled(Number.isNaN(value) ? mean[k % channels]! : value, k % channels)
      })
    },
    fromStandardised: values =>
      values.map((value, k) => scaled(value * std[k % channels]! + mean[k % channels]!, k % channels)),
  }
}

/** The mean record: what is closest to all of them without anything known of one. */
export function averageOf(samples: Samples, scale: Scale): Float32Array {
  const sum = new Float64Array(samples.inputs.length / samples.size)
  for (let at = 0; at < samples.size; at++) {
    for (const [k, value] of scale.original(samples, at).entries()) sum[k]! += value
  }
  return Float32Array.from(sum, value => value / samples.size)
}
