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
 * Writes `count` numbers, standardised.
 *
 * @param from - the first one's place among all inputs; as `count`, a multiple of the number of channels
 */
export type Standardiser = (from: number, into: Float32Array, to: number, count: number) => void

/**
 * (value − mean) / std per channel or feature, which are the last axis of a sample. A missing value (NaN) becomes 0, the
 * mean. Channels without spread must have a std other than 0; the data room sees to that.
 */
export function standardiserOf({ inputs, standardisation }: Omit<SharedSamples, 'labels' | 'size'>): Standardiser {
  return inputs instanceof Uint8Array ? ofPixels(inputs, standardisation) : ofNumbers(inputs, standardisation)
}

/** By a table, [channel, value]: one look-up instead of a division a number, and the very same bits. */
function ofPixels(pixels: Uint8Array, standardisation: Standardisation): Standardiser {
  const channels = standardisation.mean.length
  const table = new Float32Array(channels * 256)
  for (let value = 0; value < 256; value++) {
    for (let channel = 0; channel < channels; channel++) {
      table[channel * 256 + value] = standardised(value * pixelScale, standardisation, channel)
    }
  }
  return (from, into, to, count) => {
    for (let i = 0, start = 0; i < count; i++) {
      into[to + i] = table[start + pixels[from + i]!]!
      start += 256
      if (start === table.length) start = 0
    }
  }
}

function ofNumbers(numbers: Float32Array, standardisation: Standardisation): Standardiser {
  const channels = standardisation.mean.length
  return (from, into, to, count) => {
    for (let i = 0; i < count; ) {
      for (let channel = 0; channel < channels; channel++, i++) {
        into[to + i] = standardised(numbers[from + i]!, standardisation, channel)
      }
    }
  }
}

function standardised(number: number, { mean, std }: Standardisation, channel: number): number {
  const value = (number - mean[channel]!) / std[channel]!
  return Number.isNaN(value) ? 0 : value
}
