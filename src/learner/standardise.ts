import type { Standardisation } from '../data/dataset.js'

/** Inputs as a worker sees them: views on shared memory. */
export interface SharedSamples {
  readonly inputs: Float32Array | Uint8Array
  readonly labels: Int32Array
  readonly size: number
  readonly standardisation: Standardisation
}

/** A pixel of 255 is 1. */
const pixelScale = 1 / 255

/**
 * Writes one sample, standardised: (value − mean) / std per channel or feature, which are the last axis of a sample. A
 * missing value (NaN) becomes 0, the mean. Channels without spread must have a std other than 0; the data room sees
 * to that.
 */
export function standardiseSample(
  { inputs, standardisation: { mean, std } }: SharedSamples,
  from: number,
  into: Float32Array,
  to: number,
  length: number,
): void {
  const channels = mean.length
  const scale = inputs instanceof Uint8Array ? pixelScale : 1
  const start = from * length
  for (let i = 0, channel = 0; i < length; i++) {
    const value = (inputs[start + i]! * scale - mean[channel]!) / std[channel]!
    into[to + i] = Number.isNaN(value) ? 0 : value
    if (++channel === channels) channel = 0
  }
}
