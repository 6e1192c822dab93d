/** How like a record what was reconstructed is. */
export interface Likeness {
  /** Peak signal-to-noise ratio, in dB, where the range of the data is 1: from 30 on an eye sees no difference. */
  readonly psnr: number
  /** Of images: mean structural similarity, 1 for the same picture. */
  readonly ssim?: number
}

/** What no difference counts as. */
const leastSquaredError = 1e-10

/**
 * Compares a reconstruction with its record.
 *
 * @param original - numbers from 0 to 1
 * @param made - the same; what lies outside is cut off
 * @param shape - [height, width, channels], or [numbers]
 */
export function likenessOf(original: Float32Array, made: Float32Array, shape: readonly number[]): Likeness {
  const within = made.map(value => Math.min(1, Math.max(0, value)))
  let squares = 0
  for (let k = 0; k < original.length; k++) squares += (original[k]! - within[k]!) ** 2
  const psnr = -10 * Math.log10(Math.max(leastSquaredError, squares / original.length))
  return shape.length === 3 ? { psnr, ssim: similarity(original, within, shape as Shape) } : { psnr }
}

type Shape = readonly [height: number, width: number, channels: number]

/** Windows of scikit-image's structural_similarity, and the constants of the paper's. */
const side = 7
const [c1, c2] = [0.01 ** 2, 0.03 ** 2]

/** Mean structural similarity over square windows (Wang et al. 2004, doi 10.1109/TIP.2003.819861, equation 13). */
function similarity(a: Float32Array, b: Float32Array, [height, width, channels]: Shape): number {
  const [tall, wide] = [Math.min(side, height), Math.min(side, width)]
  let [sum, windows] = [0, 0]
  for (let y = 0; y + tall <= height; y++) {
    for (let x = 0; x + wide <= width; x++) {
      for (let channel = 0; channel < channels; channel++) {
        sum += ofWindow(
          a,
          b,
          k => ((y + Math.floor(k / wide)) * width + x + (k % wide)) * channels + channel,
          tall * wide,
        )
        windows += 1
      }
    }
  }
  return sum / windows
}

function ofWindow(a: Float32Array, b: Float32Array, place: (k: number) => number, count: number): number {
  let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0]
  for (let k = 0; k < count; k++) {
    const [u, v] = [a[place(k)]!, b[place(k)]!]
    sumA += u
    sumB += v
    squaresA += u * u
    squaresB += v * v
    products += u * v
  }
  const [meanA, meanB] = [sumA / count, sumB / count]
  const varianceA = squaresA / count - meanA ** 2
  const varianceB = squaresB / count - meanB ** 2
  const covariance = products / count - meanA * meanB
  const luminance = (2 * meanA * meanB + c1) / (meanA ** 2 + meanB ** 2 + c1)
  return (luminance * (2 * covariance + c2)) / (varianceA + varianceB + c2)
}
