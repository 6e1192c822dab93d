import { describe, expect, it } from 'vitest'
import {
  agreeTogether,
  type Dataset,
  degrade,
  meanStandardisation,
  type Samples,
  sharedLabels,
  standardisationOf,
} from '../../src/data/index.js'
import { stratifiedSplit } from '../../src/data/split.js'
import { unknownSpread } from '../../src/data/standardise.js'
import { numberedDataset } from './samples.js'

function samplesOf(inputs: Float32Array | Uint8Array, size: number): Samples {
  return { inputs, labels: sharedLabels(size), size }
}

describe('standardisation', () => {
  it('of a table: per feature, without missing values', () => {
    const { mean, std } = standardisationOf(samplesOf(Float32Array.of(1, 10, NaN, 20, 3, 30), 3), [2])
    expect([...mean]).toEqual([2, 20])
    expect(std[0]).toBeCloseTo(1, 6)
    expect(std[1]).toBeCloseTo(Math.sqrt(200 / 3), 5)
  })

  it('of pixels: per channel, of value / 255', () => {
    const { mean, std } = standardisationOf(samplesOf(Uint8Array.of(0, 51, 255, 51), 1), [1, 2, 2])
    expect(mean[0]).toBeCloseTo(0.5, 6)
    expect(std[0]).toBeCloseTo(0.5, 6)
    expect(mean[1]).toBeCloseTo(0.2, 6)
  })

  it('pixels and the same numbers agree', () => {
    const pixels = Uint8Array.from({ length: 300 }, (_, i) => (i * 37) % 256)
    const numbers = Float32Array.from(pixels, value => value / 255)
    const [a, b] = [pixels, numbers].map(inputs => standardisationOf(samplesOf(inputs, 25), [2, 2, 3]))
    for (let channel = 0; channel < 3; channel++) {
      expect(a!.mean[channel]).toBeCloseTo(b!.mean[channel]!, 6)
      expect(a!.std[channel]).toBeCloseTo(b!.std[channel]!, 6)
    }
  })

  it('makes features that do not vary, or are never known, 0 whatever is seen elsewhere', () => {
    const { mean, std } = standardisationOf(samplesOf(Float32Array.of(0.1, NaN, 1, 0.1, NaN, 2), 2), [3])
    expect(std[0]).toBe(Math.fround(unknownSpread))
    expect(Math.fround((1e6 - mean[0]!) / std[0]!)).toBeCloseTo(0, 12)
    expect([mean[1], std[1]]).toEqual([0, Math.fround(unknownSpread)])
    expect(std[2]).toBe(0.5)
  })

  it('follows the rule of the data section', () => {
    const dataset = numberedDataset([0, 1, 0, 1], 2)
    const own = (rule: Dataset['standardise']): number[] => {
      const [sight] = agreeTogether({ ...dataset, ...(rule && { standardise: rule }) }, [dataset.train])
      const { mean, std } = sight!.standardisation
      return [mean[0]!, std[0]!]
    }
    expect(own('own')[0]).toBe(1.5)
    // Of one peer alone what is agreed is its own; a feature has that rule unless another is named.
    expect(own(undefined)).toEqual(own('own'))
    expect(own('none')).toEqual([0, 1])
    expect(own('mnist')).toEqual([Math.fround(0.1307), Math.fround(0.3081)])
    expect(() => own('cifar10')).toThrow(/data.standardise: cifar10 has 3 numbers.*needs 1, one per/)
    expect(own({ mean: Float32Array.of(3), std: Float32Array.of(2) })).toEqual([3, 2])
    expect(() => own({ mean: Float32Array.of(3, 4), std: Float32Array.of(2) })).toThrow(/mean: has 2 numbers.*needs 1/)
  })
})

describe('the mean of several peers', () => {
  it('averages what is subtracted, and what is multiplied with', () => {
    const one = { mean: Float32Array.of(1, 0), std: Float32Array.of(1, 4) }
    const other = { mean: Float32Array.of(3, 0), std: Float32Array.of(0.5, 4) }
    const { mean, std } = meanStandardisation([one, other])
    expect([...mean]).toEqual([2, 0])
    // Multiplied with 1 and with 2.
    expect([...std]).toEqual([Math.fround(1 / 1.5), 4])
  })
})

describe('degrade', () => {
  const ramp = samplesOf(
    Uint8Array.from({ length: 64 }, (_, i) => (i % 8) * 30),
    1,
  )

  it('leaves factor 1 as it is', () => {
    expect(degrade(ramp, [8, 8, 1], 1)).toBe(ramp)
  })

  it('averages areas on the way down: a checkerboard becomes its mean', () => {
    const board = samplesOf(
      Uint8Array.from({ length: 64 }, (_, i) => ((i + (i >> 3)) % 2) * 200),
      1,
    )
    expect([...degrade(board, [8, 8, 1], 2).inputs]).toEqual(new Array(64).fill(100))
  })

  it('interpolates on the way up: a ramp stays a ramp away from the edges', () => {
    const { inputs } = degrade(ramp, [8, 8, 1], 2)
    // The edges repeat their last pixel, which bends the ramp there by less than a grey level a column.
    for (let column = 1; column < 8; column++) expect(inputs[column]!).toBeGreaterThan(inputs[column - 1]!)
    expect(Math.abs(inputs[3]! - 90)).toBeLessThanOrEqual(2)
    for (let row = 1; row < 8; row++) expect(inputs.slice(row * 8, row * 8 + 8)).toEqual(inputs.slice(0, 8))
  })

  it('keeps channels apart, sides that the factor does not divide, and the samples it was given', () => {
    const inputs = new Float32Array(2 * 7 * 5 * 2)
    for (let i = 0; i < inputs.length; i += 2) inputs[i] = 1
    const before = inputs.slice()
    const { inputs: after } = degrade(samplesOf(inputs, 2), [7, 5, 2], 3)
    for (let i = 0; i < after.length; i += 2) {
      expect(after[i]).toBeCloseTo(1, 6)
      expect(after[i + 1]).toBeCloseTo(0, 6)
    }
    expect(inputs).toEqual(before)
    expect(after.buffer).toBeInstanceOf(SharedArrayBuffer)
  })

  it('spreads a missing value over what touches it, no further', () => {
    const inputs = new Float32Array(256).fill(1)
    inputs[8 * 16 + 8] = NaN
    const { inputs: after } = degrade(samplesOf(inputs, 1), [16, 16, 1], 2)
    // The coarse pixel 4 counts for fine ones less than two coarse pixels from its centre: 5 to 12.
    const missing = Array.from({ length: 16 }, (_, column) => Number.isNaN(after[8 * 16 + column]))
    expect(missing).toEqual(Array.from({ length: 16 }, (_, column) => column >= 5 && column <= 12))
    expect(after[0]).toBeCloseTo(1, 6)
  })

  it('loses more the larger the factor', () => {
    const noise = samplesOf(
      Uint8Array.from({ length: 32 * 32 }, (_, i) => (i * 7919) % 251),
      1,
    )
    const lost = [2, 4, 8].map(factor => {
      const { inputs } = degrade(noise, [32, 32, 1], factor)
      return Array.from(inputs).reduce((sum, value, i) => sum + (value - noise.inputs[i]!) ** 2, 0)
    })
    expect(lost[0]).toBeLessThan(lost[2]!)
    expect(lost[0]).toBeGreaterThan(0)
  })

  it('refuses tables and images that are too small', () => {
    expect(() => degrade(ramp, [64], 2)).toThrow(/needs images/)
    expect(() => degrade(ramp, [8, 8, 1], 9)).toThrow(/factor 9 for images of 8×8; must be 1 to 8/)
  })
})

describe('stratified split', () => {
  const labels = Int32Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 1 : 0))

  it('holds back the share of each class, each sample on one side', () => {
    const { train, test } = stratifiedSplit(labels, 0.2, 1)
    expect(test).toHaveLength(200)
    expect(test.filter(sample => labels[sample] === 1)).toHaveLength(20)
    expect(new Set([...train, ...test]).size).toBe(1000)
  })

  it('keeps the last sample of a class for training and carries small shares over', () => {
    const { train, test } = stratifiedSplit(Int32Array.of(0, 1, 2, 3), 0.9, 1)
    expect([train.length, test.length]).toEqual([4, 0])
    // 20 groups of 3: 0.2 of each is less than one sample, of all together it is 12.
    const peers = Uint16Array.from({ length: 60 }, (_, i) => i % 20)
    expect(stratifiedSplit(new Int32Array(60), 0.2, 1, { peers }).test).toHaveLength(12)
  })
})
