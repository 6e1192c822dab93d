import { HearsayError } from '../errors.js'
import { type Samples, sharedNumbers, sharedPixels } from './dataset.js'
import { dataError } from './limits.js'
import type { Objective } from './objective.js'

/** How the pixels of one line after scaling come from those before: `width` weights from `starts[i]` on. */
interface Scaling {
  readonly length: number
  readonly width: number
  /** Where each weighted pixel stands, `width` per result; edges repeat their last pixel. */
  readonly from: Int32Array
  readonly weights: Float64Array
}

/**
 * The same samples at 1 / factor of their resolution: down by averaging areas, back up to the original size by bicubic
 * interpolation (Catmull-Rom), so that all peers keep one input shape. ALGORITHMS.md section 7, feature shift; the
 * papers do not publish their filter, this is the one we chose.
 *
 * Sides that the factor does not divide become round(side / factor) pixels of fractional area. Missing values spread
 * over what touches them.
 *
 * @param factor - 1 (unchanged) or more
 * @throws {@link HearsayError} when the samples are no images, or too small for the factor
 */
export function degrade(samples: Samples, inputShape: readonly number[], factor: number): Samples {
  const [height, width, channels] = inputShape
  if (inputShape.length !== 3 || height === undefined || width === undefined || channels === undefined) {
    throw new HearsayError('DATA', 'resolution needs images; these samples are rows of a table', { field: 'partition' })
  }
  if (!(factor >= 1 && factor <= Math.min(height, width))) {
    throw new HearsayError(
      'DATA',
      `factor ${factor} for images of ${height}×${width}; must be 1 to ${Math.min(height, width)}`,
      { field: 'partition' },
    )
  }
  if (factor === 1) return samples

  const [rows, columns] = [Math.round(height / factor), Math.round(width / factor)]
  const steps = [
    { scaling: areaScaling(height, rows), outer: 1, inner: width * channels },
    { scaling: areaScaling(width, columns), outer: rows, inner: channels },
    { scaling: bicubicScaling(columns, width), outer: rows, inner: channels },
    { scaling: bicubicScaling(rows, height), outer: 1, inner: width * channels },
  ].map(step => ({ ...step, to: new Float64Array(step.outer * step.scaling.length * step.inner) }))

  const length = height * width * channels
  const { inputs, size } = samples
  const pixels = inputs instanceof Uint8Array
  const result = pixels ? sharedPixels(inputs.length) : sharedNumbers(inputs.length)
  const image = new Float64Array(length)
  for (let sample = 0; sample < size; sample++) {
    const start = sample * length
    for (let i = 0; i < length; i++) image[i] = inputs[start + i]!
    let scaled = image
    for (const { scaling, outer, inner, to } of steps) {
      scale(scaled, to, scaling, outer, inner)
      scaled = to
    }
    // Bicubic interpolation overshoots at edges.
    for (let i = 0; i < length; i++) {
      const value = scaled[i]!
      result[start + i] = pixels ? Math.min(255, Math.max(0, Math.round(value))) : value
    }
  }
  return { ...samples, inputs: result }
}

/**
 * An image of pixels, larger by bicubic interpolation: as {@link degrade} brings its copies back to their size.
 *
 * @param from - height × width of `pixels`
 */
export function enlarge(
  pixels: Uint8Array,
  [rows, columns]: readonly [number, number],
  [height, width, channels]: readonly [number, number, number],
): Uint8Array {
  const wide = new Float64Array(rows * width * channels)
  scale(Float64Array.from(pixels), wide, bicubicScaling(columns, width), rows, channels)
  const whole = new Float64Array(height * width * channels)
  scale(wide, whole, bicubicScaling(rows, height), 1, width * channels)
  return Uint8Array.from(whole, value => Math.min(255, Math.max(0, Math.round(value))))
}

/** Scales the middle axis of an outer × axis × inner array. */
function scale(from: Float64Array, to: Float64Array, scaling: Scaling, outer: number, inner: number): void {
  const { length, width, from: places, weights } = scaling
  const before = from.length / outer
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < length; i++) {
      const first = i * width
      for (let k = 0; k < inner; k++) {
        let sum = 0
        for (let tap = first; tap < first + width; tap++) {
          const weight = weights[tap]!
          // Not multiplied: beyond its area a missing value would count, 0 · NaN being NaN.
          if (weight !== 0) sum += weight * from[o * before + places[tap]! * inner + k]!
        }
        to[(o * length + i) * inner + k] = sum
      }
    }
  }
}

function areaScaling(from: number, to: number): Scaling {
  const step = from / to
  return scalingOf(to, Math.ceil(step) + 1, from, i => {
    const first = Math.floor(i * step)
    return {
      first,
      weight: at => Math.max(0, Math.min((i + 1) * step, at + 1) - Math.max(i * step, at)) / step,
    }
  })
}

function bicubicScaling(from: number, to: number): Scaling {
  const step = from / to
  return scalingOf(to, 4, from, i => {
    const centre = (i + 0.5) * step - 0.5
    return { first: Math.floor(centre) - 1, weight: at => catmullRom(Math.abs(at - centre)) }
  })
}

function scalingOf(
  length: number,
  width: number,
  last: number,
  of: (i: number) => { first: number; weight(at: number): number },
): Scaling {
  const from = new Int32Array(length * width)
  const weights = new Float64Array(length * width)
  for (let i = 0; i < length; i++) {
    const { first, weight } = of(i)
    for (let tap = 0; tap < width; tap++) {
      from[i * width + tap] = Math.min(last - 1, Math.max(0, first + tap))
      weights[i * width + tap] = weight(first + tap)
    }
  }
  return { length, width, from, weights }
}

function catmullRom(distance: number): number {
  if (distance < 1) return 1.5 * distance ** 3 - 2.5 * distance ** 2 + 1
  if (distance < 2) return -0.5 * distance ** 3 + 2.5 * distance ** 2 - 4 * distance + 2
  return 0
}

/**
 * Images to be restored: what they are becomes the target, what is seen of them a copy at 1 / factor of the resolution.
 *
 * @throws {@link HearsayError} when the samples are no images of pixels, or too small for the factor
 */
export function toRestore(samples: Samples, inputShape: readonly number[], factor: number): Samples {
  const { inputs: targets } = samples
  if (inputShape.length !== 3 || !(targets instanceof Uint8Array)) {
    throw dataError('data.superResolution', 'needs images of pixels; these samples are numbers')
  }
  return { ...degrade(samples, inputShape, factor), targets }
}

/**
 * The same samples as a peer sees them whose images have another resolution. Where images are to be restored they are
 * degraded from the whole ones, so that `factor` alone decides how far.
 */
export function seenAt(samples: Samples, inputShape: readonly number[], factor: number, objective: Objective): Samples {
  if (objective.kind !== 'super-resolution') return degrade(samples, inputShape, factor)
  const { targets } = samples
  return { ...degrade({ ...samples, inputs: targets! }, inputShape, factor), targets: targets! }
}
