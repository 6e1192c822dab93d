import { beforeAll, describe, expect, it } from 'vitest'
import { checkAugmentation, createAugmenter } from '../../src/learner/augment.js'
import { loadWasm } from '../../src/learner/backend/wasm.js'
import { Residents } from '../../src/learner/residents.js'
import type { SharedSamples } from '../../src/learner/standardise.js'
import { tf } from '../../src/learner/tensorflow.js'
import { type Random, random } from '../../src/random.js'

const [height, width, channels] = [4, 5, 2]
const inputShape = [height, width, channels]
const size = height * width * channels

function samplesOf(inputs: Uint8Array | Float32Array): SharedSamples {
  const standardisation = { mean: Float32Array.of(0.5, 0.25), std: Float32Array.of(0.2, 2) }
  return { inputs, labels: new Int32Array(inputs.length / size), size: inputs.length / size, standardisation }
}

const pixels = samplesOf(Uint8Array.from({ length: 3 * size }, (_, i) => (i * 37 + 11) % 256))

/** Says what it is told, and nothing else. */
function scripted(...integers: number[]): Random {
  const draw = random(1, 'unused')
  return {
    ...draw,
    integer(below) {
      const value = integers.shift()!
      expect(value).toBeLessThan(below)
      return value
    },
  }
}

/** Pads, cuts and mirrors the raw image one pixel at a time, and standardises after: as torchvision does. */
function expected(sample: number, crop: number, down: number, right: number, mirror: boolean): number[] {
  const out: number[] = []
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [row, column] = [y + down - crop, (mirror ? width - 1 - x : x) + right - crop]
      for (let channel = 0; channel < channels; channel++) {
        const inside = row >= 0 && row < height && column >= 0 && column < width
        const raw = inside ? pixels.inputs[sample * size + (row * width + column) * channels + channel]! / 255 : 0
        const { mean, std } = pixels.standardisation
        out.push((raw - mean[channel]!) / std[channel]!)
      }
    }
  }
  return out
}

describe('augmentation', () => {
  it('pads the raw image with black, cuts and mirrors: every shift, both ways round', () => {
    const augment = createAugmenter(pixels, inputShape, { crop: 2, flip: true })
    for (let down = 0; down <= 4; down++) {
      for (let right = 0; right <= 4; right++) {
        for (const mirror of [0, 1]) {
          const got = augment(Int32Array.of(1), scripted(down, right, mirror))
          const wanted = expected(1, 2, down, right, mirror === 1)
          for (const [i, value] of wanted.entries()) {
            expect(Math.abs(got[i]! - value), `${down}, ${right}, ${mirror}: number ${i}`).toBeLessThan(1e-5)
          }
        }
      }
    }
  })

  it('draws for one sample after the other, and only what it needs', () => {
    const batch = (crop: number, flip: boolean, ...said: number[]): number[][] => {
      const values = createAugmenter(pixels, inputShape, { crop, flip })(Int32Array.of(2, 0), scripted(...said))
      return [[...values.subarray(0, size)], [...values.subarray(size)]]
    }
    const close = (got: number[], wanted: number[]): void => {
      for (const [i, value] of wanted.entries()) expect(got[i]).toBeCloseTo(value, 5)
    }
    const both = batch(1, true, 0, 2, 1, 1, 1, 0)
    close(both[0]!, expected(2, 1, 0, 2, true))
    close(both[1]!, expected(0, 1, 1, 1, false))
    const mirrored = batch(0, true, 1, 0)
    close(mirrored[0]!, expected(2, 0, 0, 0, true))
    close(mirrored[1]!, expected(0, 0, 0, 0, false))
    const cut = batch(1, false, 2, 0, 1, 1)
    close(cut[0]!, expected(2, 1, 2, 0, false))
  })

  it('numbers that are no pixels give the same as pixels', () => {
    const numbers = samplesOf(Float32Array.from(pixels.inputs, value => value / 255))
    const [a, b] = [pixels, numbers].map(samples =>
      createAugmenter(samples, inputShape, { crop: 2, flip: true })(Int32Array.of(0, 1, 2), random(5, 'augment')),
    )
    for (const [i, value] of a!.entries()) expect(b![i]).toBeCloseTo(value, 5)
  })

  it('the draw decides: the same for the same, every shift as likely', () => {
    const augment = createAugmenter(pixels, inputShape, { crop: 1, flip: true })
    const indices = Int32Array.from({ length: 40 }, (_, i) => i % 3)
    const of = (seed: number): Float32Array => augment(indices, random(seed, 'augment', 2, 3, 0))
    expect(of(1)).toEqual(of(1))
    expect(of(1)).not.toEqual(of(2))
    const seen = new Set<string>()
    for (let i = 0; i < 40; i++) seen.add(of(i).subarray(0, size).join())
    // Nine shifts, each mirrored or not.
    expect(seen.size).toBeGreaterThan(12)
    expect(seen.size).toBeLessThanOrEqual(18)
  })

  it('is for images, and shifts by less than their side', () => {
    expect(() => checkAugmentation({ crop: 0, flip: true }, [13])).toThrow('is for images and the data has 13 features')
    expect(() => checkAugmentation({ crop: 4, flip: true }, [4, 5, 2])).toThrow('must be less than 4')
    expect(() => checkAugmentation({ crop: 3, flip: false }, [4, 5, 2])).not.toThrow()
  })
})

describe('a worker that varies its inputs', () => {
  beforeAll(async () => {
    await loadWasm()
  })

  it('keeps nothing on the device, and gives the batch as a tensor', () => {
    const before = tf.memory().numTensors
    const residents = new Residents(1e6)
    const augmentation = { crop: 0, flip: false }
    const source = residents.source(0, pixels, inputShape)
    const varied = source.augmented(Int32Array.of(2, 1), augmentation, random(1, 'augment'))
    expect(tf.memory().numTensors).toBe(before + 1)
    const plain = source.take(Int32Array.of(2, 1))
    // Without shift and mirror they are the same bits as those of the device.
    expect(varied.shape).toEqual(plain.shape)
    expect([...varied.dataSync()]).toEqual([...plain.dataSync()])
    tf.dispose([varied, plain])
    residents.release(0)
    expect(tf.memory().numTensors).toBe(before)
    expect(() =>
      new Residents(1e6).source(0, pixels, [size]).augmented(Int32Array.of(0), augmentation, random(1, 'a')),
    ).toThrow('is for images')
  })
})
