import { squareSum } from '../tensors/index.js'
import { weightedSum } from './kernel.js'

/** One vector and its weight in a merge. */
export interface Contribution {
  readonly peer: number
  readonly weight: number
  readonly values: Float32Array
}

/**
 * The weighted sum, out[k] = Σ_j weight_j · values_j[k] for k in [from, to).
 *
 * Adds up in the order given, in float64, and rounds once to float32: the same contributions give the same bits,
 * whatever the machine, and in slices as in one go. So a caller with a network to serve can do a million numbers at
 * a time. `out` may be one of the vectors. A single vector of weight 1 is copied bit for bit.
 *
 * A kernel sums (kernels/merge.ts): in the memory for kernels (tensors/memory.ts) about as fast as a plain copy reads and
 * writes, elsewhere at half of that (`npm run bench -- merge`).
 *
 * @param from - first number to write
 * @param to - one after the last
 * @throws RangeError when there is no vector, one is of another length than `out`, or [from, to) is not within it
 */
export function mix(out: Float32Array, contributions: readonly Contribution[], from = 0, to = out.length): void {
  if (contributions.length === 0) throw new RangeError('nothing to mix')
  for (const { peer, values } of contributions) {
    if (values.length !== out.length) {
      throw new RangeError(`peer ${peer}'s vector has ${values.length} numbers, not ${out.length}`)
    }
  }
  if (from < 0 || to > out.length) throw new RangeError(`[${from}, ${to}) is not within ${out.length} numbers`)
  const [only] = contributions
  if (contributions.length === 1 && only!.weight === 1) {
    out.set(only!.values.subarray(from, to), from)
    return
  }
  weightedSum(
    out,
    contributions.map(({ values }) => values),
    contributions.map(({ weight }) => weight),
    from,
    to,
  )
}

/** A merge that is made slice by slice: with the same bits as in one go. */
export interface Pass {
  /** Vectors gone over side by side. */
  readonly vectors: number
  /** Makes the numbers [from, to) of the merged vector. */
  write(out: Float32Array, from: number, to: number): void
}

/** A weighted sum that is to be made. */
export function summed(contributions: readonly Contribution[]): Pass {
  return { vectors: contributions.length, write: (out, from, to) => mix(out, contributions, from, to) }
}

/**
 * The plain mean of all peers' vectors, in the order given: on a full graph the bits that gossip gives every peer. In
 * slices as in one go, see {@link mix}.
 */
export function meanOf(out: Float32Array, vectors: readonly Float32Array[], from = 0, to = out.length): void {
  const weight = 1 / vectors.length
  mix(
    out,
    vectors.map((values, peer) => ({ peer, weight, values })),
    from,
    to,
  )
}

/** A running sum of squared distances. Slices done in order give the same bits as one go. */
export interface DistanceSum {
  /** Takes the numbers [from, to) in. */
  add(from: number, to: number): void
  /** The sum over all numbers that were taken in. */
  total(): number
}

/**
 * (1/m) Σ ‖x_i − x̄‖²: how far the peers' models are from one another, summed in float64.
 *
 * @param mean - as {@link meanOf} gives it
 */
export function consensusDistance(vectors: readonly Float32Array[], mean: Float32Array): DistanceSum {
  const { add, totals } = squaredDistances(mean, vectors)
  return {
    add,
    total: () => (vectors.length === 0 ? 0 : totals().reduce((total, sum) => total + sum, 0) / vectors.length),
  }
}

/** Squared distances to several vectors, that are being summed up side by side. Slices as in {@link DistanceSum}. */
export interface SquaredDistances {
  add(from: number, to: number): void
  /** ‖own − others[j]‖² over all numbers that were taken in. */
  totals(): readonly number[]
}

/** How far each of some vectors is from one's own. */
export function squaredDistances(own: Float32Array, others: readonly Float32Array[]): SquaredDistances {
  const sums = others.map(values => squareSum(own, values))
  return {
    add(from, to) {
      for (const sum of sums) sum.add(from, to)
    },
    totals: () => sums.map(sum => sum.total()),
  }
}
