import { beforeAll, describe, expect, it } from 'vitest'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { Residents } from '../../src/learner/residents.js'
import type { SharedSamples } from '../../src/learner/standardise.js'
import { tf } from '../../src/learner/tensorflow.js'

beforeAll(async () => {
  await loadWasm()
})

const shape = [2, 2, 2]

function pixels(size: number): SharedSamples {
  return {
    inputs: Uint8Array.from({ length: size * 8 }, (_, i) => (i * 37) % 256),
    labels: new Int32Array(size),
    size,
    standardisation: { mean: new Float32Array([0.5, 0.25]), std: new Float32Array([0.5, 2]) },
  }
}

const bytesOf = ({ size }: SharedSamples): number => size * 8 * 4

describe('inputs', () => {
  it('are standardised per channel, pixels scaled to 1 first', () => {
    const samples = pixels(5)
    const residents = new Residents(1e6)
    const batch = residents.source(0, samples, shape).take(new Int32Array([3]))
    expect(batch.shape).toEqual([1, 2, 2, 2])
    const expected = [...samples.inputs.subarray(24, 32)].map((value, i) =>
      i % 2 === 0 ? (value / 255 - 0.5) / 0.5 : (value / 255 - 0.25) / 2,
    )
    for (const [i, value] of [...batch.dataSync()].entries()) expect(value).toBeCloseTo(expected[i]!, 6)
    batch.dispose()
    residents.release(0)
  })

  it('a missing number is the mean, also of a feature that does not vary', () => {
    const samples: SharedSamples = {
      inputs: Float32Array.from([Number.NaN, 3, 4, Number.NaN]),
      labels: new Int32Array(2),
      size: 2,
      standardisation: { mean: new Float32Array([2, 1]), std: new Float32Array([2, 1e30]) },
    }
    const residents = new Residents(1e6)
    const both = residents.source(0, samples, [2]).slice(0, 2)
    expect([...both.dataSync()].map(value => (Math.abs(value) < 1e-20 ? 0 : value))).toEqual([0, 0, 1, 0])
    both.dispose()
    residents.release(0)
  })
})

describe('what a worker keeps', () => {
  it('is one tensor a set, until it is released', () => {
    const before = tf.memory().numTensors
    const residents = new Residents(1e6)
    for (let i = 0; i < 3; i++)
      residents
        .source(7, pixels(4), shape)
        .take(new Int32Array([1, 2]))
        .dispose()
    expect(tf.memory().numTensors).toBe(before + 1)
    residents.release(7)
    residents.release(7)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('is one tensor for models that take the same numbers in other shapes', () => {
    const samples = pixels(4)
    const before = tf.memory().numTensors
    const residents = new Residents(1e6)
    const [image, flat] = [residents.source(3, samples, shape), residents.source(3, samples, [8])]
    const indices = new Int32Array([1, 2])
    const taken = [image.take(indices), flat.take(indices), flat.slice(1, 2)]
    expect(taken.map(batch => batch.shape)).toEqual([
      [2, 2, 2, 2],
      [2, 8],
      [2, 8],
    ])
    for (const batch of taken) expect([...batch.dataSync()]).toEqual([...taken[0]!.dataSync()])
    tf.dispose(taken)
    expect(tf.memory().numTensors).toBe(before + 1)
    residents.release(3)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('stays within its bound: what was not used for longest goes', () => {
    const before = tf.memory()
    const sample = pixels(4)
    const residents = new Residents(2 * bytesOf(sample))
    for (const key of [0, 1, 0, 2])
      residents
        .source(key, sample, shape)
        .take(new Int32Array([0]))
        .dispose()
    expect(tf.memory().numBytes - before.numBytes).toBe(2 * bytesOf(sample))
    residents.release(1)
    expect(tf.memory().numTensors - before.numTensors).toBe(2)
    residents.release(0)
    residents.release(2)
    expect(tf.memory().numTensors).toBe(before.numTensors)
  })

  it('is nothing of what is gone through in a row, whose numbers are the same', () => {
    const samples = pixels(4)
    const before = tf.memory().numTensors
    const residents = new Residents(1e6)
    const source = residents.source(0, samples, shape)
    const row = source.slice(1, 3)
    expect(tf.memory().numTensors).toBe(before + 1)
    const same = source.take(new Int32Array([1, 2, 3]))
    expect([...row.dataSync()]).toEqual([...same.dataSync()])
    tf.dispose([row, same])
    residents.release(0)
    expect(tf.memory().numTensors).toBe(before)
  })

  it('is nothing of a set beyond the bound, whose batches have the same bits', () => {
    const samples = pixels(9)
    const before = tf.memory().numTensors
    const kept = new Residents(bytesOf(samples))
    const streamed = new Residents(bytesOf(samples) - 1)
    const indices = new Int32Array([8, 0, 3, 3])
    tf.tidy(() => {
      const [a, b] = [kept, streamed].map(residents => residents.source(0, samples, shape).take(indices))
      expect(a!.shape).toEqual(b!.shape)
      expect([...a!.dataSync()]).toEqual([...b!.dataSync()])
    })
    // What is kept outlives the step that asked for it first.
    expect(tf.memory().numTensors).toBe(before + 1)
    kept.release(0)
    expect(tf.memory().numTensors).toBe(before)
  })
})
