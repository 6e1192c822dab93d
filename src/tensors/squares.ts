import { kernelOn } from '../kernels.js'
import { addressOf, kernelMemory, pieceLength, placeIn, reservePiece, reserveScratch } from './memory.js'

/** The functions of kernels/squares.ts. */
interface SquaresKernel {
  addSquares(sums: number, values: number, first: number, length: number): void
  addSquaredDifferences(sums: number, values: number, others: number, first: number, length: number): void
}

/** A sum of squares that is added up slice by slice: slices in order give the same bits as one go. */
export interface SquareSum {
  /**
   * Takes the numbers [from, to) in.
   *
   * @throws RangeError when they are not within the vectors
   */
  add(from: number, to: number): void
  /** The sum over all numbers that were taken in. NaN and infinity show in it: no finite float32s overflow it. */
  total(): number
}

/** As kernels/squares.ts has it. */
const lanes = 8

let tools: { readonly kernel: SquaresKernel; readonly sums: Float64Array; readonly pieces: readonly Float32Array[] }

/**
 * Σ_k a_k², or Σ_k (a_k − b_k)², in float64. One sum would wait for each addition before the next; there are eight, number
 * k goes to sum k mod 8 whatever the slices are, and the total adds them up from the first to the last.
 *
 * @param b - as long as `a`
 */
export function squareSum(a: Float32Array, b?: Float32Array): SquareSum {
  const sums = new Float64Array(lanes)
  const vectors = b === undefined ? [a] : [a, b]
  return {
    add(from, to) {
      if (from < 0 || vectors.some(({ length }) => to > length)) throw new RangeError(`no numbers [${from}, ${to})`)
      tools ??= createTools()
      const { kernel, pieces } = tools
      const step = vectors.every(values => addressOf(values) !== undefined) ? to - from : pieceLength
      tools.sums.set(sums)
      for (let start = from; start < to; start += step) {
        const end = Math.min(start + step, to)
        const [first, second] = vectors.map((values, j) => placeIn(pieces[j]!, values, start, end))
        const { byteOffset } = tools.sums
        if (second === undefined) kernel.addSquares(byteOffset, first!, start, end - start)
        else kernel.addSquaredDifferences(byteOffset, first!, second, start, end - start)
      }
      sums.set(tools.sums)
    },
    total: () => sums.reduce((total, sum) => total + sum, 0),
  }
}

/** ‖values‖², of the numbers [from, to): see {@link squareSum}. */
export function squaredNorm(values: Float32Array, from = 0, to = values.length): number {
  const sum = squareSum(values)
  sum.add(from, to)
  return sum.total()
}

function createTools(): typeof tools {
  const sums = reserveScratch(lanes * Float64Array.BYTES_PER_ELEMENT)
  return {
    kernel: kernelOn<SquaresKernel>(kernelMemory(), 'squares'),
    sums: new Float64Array(sums.buffer, sums.byteOffset, lanes),
    pieces: [reservePiece(), reservePiece()],
  }
}
