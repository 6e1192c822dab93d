/** One vector and its weight in a merge. */
export interface Contribution {
  readonly peer: number
  readonly weight: number
  readonly values: Float32Array
}

/** Numbers summed at a time: their float64 sums, 32 KiB, stay in the cache while every vector passes over them. */
const tileLength = 4096
/** Scratch for one tile. Allocated once: with one of its own each call of {@link mix} is a third slower. */
const sums = new Float64Array(tileLength)

/**
 * The weighted sum, out[k] = Σ_j weight_j · values_j[k] for k in [from, to).
 *
 * Adds up in the order given, in float64, and rounds once to float32: the same contributions give the same bits,
 * whatever the machine, and in slices as in one go. So a caller with a network to serve can do a million numbers at
 * a time. `out` may be one of the vectors. A single vector of weight 1 is copied bit for bit.
 *
 * Works in tiles, two vectors at a time and four numbers a turn; these are all read before any is stored, so that their
 * loads overlap: 2 to 3 GB/s read and written where a copy of the same bytes makes 17 to 22 (two busy cores;
 * `npm run bench -- merge`). The processor sets the limit, not the memory: each number is widened to float64 and
 * multiplied.
 *
 * @param from - first number to write
 * @param to - one after the last
 * @throws RangeError when there is no vector or one is of another length than `out`
 */
export function mix(out: Float32Array, contributions: readonly Contribution[], from = 0, to = out.length): void {
  if (contributions.length === 0) throw new RangeError('nothing to mix')
  for (const { peer, values } of contributions) {
    if (values.length !== out.length) {
      throw new RangeError(`peer ${peer}'s vector has ${values.length} numbers, not ${out.length}`)
    }
  }
  const [only] = contributions
  if (contributions.length === 1 && only!.weight === 1) {
    out.set(only!.values.subarray(from, to), from)
    return
  }
  for (let start = from; start < to; start += tileLength) {
    const length = Math.min(tileLength, to - start)
    // Negative zero: the one number whose addition changes no other, not even the sign of a zero.
    sums.fill(-0)
    let j = 0
    for (; j + 1 < contributions.length; j += 2) addTwo(contributions[j]!, contributions[j + 1]!, start, length)
    if (j < contributions.length) addOne(contributions[j]!, start, length)
    store(out, start, length)
  }
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
  const sums = new Float64Array(vectors.length)
  return {
    add(from, to) {
      for (const [i, values] of vectors.entries()) sums[i] = addSquares(sums[i]!, values, mean, from, to)
    },
    total: () => (vectors.length === 0 ? 0 : sums.reduce((total, sum) => total + sum, 0) / vectors.length),
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
  const sums = new Float64Array(others.length)
  return {
    add(from, to) {
      for (const [j, values] of others.entries()) sums[j] = addSquares(sums[j]!, own, values, from, to)
    },
    totals: () => [...sums],
  }
}

/** ‖values‖², of the numbers [from, to). NaN and infinity show in it: no finite float32s overflow a double's. */
export function squaredNorm(values: Float32Array, from = 0, to = values.length): number {
  let sum = 0
  for (let k = from; k < to; k++) sum += values[k]! * values[k]!
  return sum
}

/** One number after the other onto the sum so far: where a slice ends then makes no difference. */
function addSquares(sum: number, a: Float32Array, b: Float32Array, from: number, to: number): number {
  let total = sum
  for (let k = from; k < to; k++) {
    const difference = a[k]! - b[k]!
    total += difference * difference
  }
  return total
}

function addOne({ weight, values }: Contribution, start: number, length: number): void {
  let k = 0
  for (let at = start; k + 3 < length; k += 4, at += 4) {
    const first = sums[k]! + weight * values[at]!
    const second = sums[k + 1]! + weight * values[at + 1]!
    const third = sums[k + 2]! + weight * values[at + 2]!
    const fourth = sums[k + 3]! + weight * values[at + 3]!
    sums[k] = first
    sums[k + 1] = second
    sums[k + 2] = third
    sums[k + 3] = fourth
  }
  for (; k < length; k++) sums[k] = sums[k]! + weight * values[start + k]!
}

function addTwo(a: Contribution, b: Contribution, start: number, length: number): void {
  const { weight: wa, values: va } = a
  const { weight: wb, values: vb } = b
  let k = 0
  for (let at = start; k + 3 < length; k += 4, at += 4) {
    const first = sums[k]! + wa * va[at]! + wb * vb[at]!
    const second = sums[k + 1]! + wa * va[at + 1]! + wb * vb[at + 1]!
    const third = sums[k + 2]! + wa * va[at + 2]! + wb * vb[at + 2]!
    const fourth = sums[k + 3]! + wa * va[at + 3]! + wb * vb[at + 3]!
    sums[k] = first
    sums[k + 1] = second
    sums[k + 2] = third
    sums[k + 3] = fourth
  }
  for (let at = start + k; k < length; k++, at++) sums[k] = sums[k]! + wa * va[at]! + wb * vb[at]!
}

function store(out: Float32Array, start: number, length: number): void {
  let k = 0
  for (let at = start; k + 3 < length; k += 4, at += 4) {
    const first = sums[k]!
    const second = sums[k + 1]!
    const third = sums[k + 2]!
    const fourth = sums[k + 3]!
    out[at] = first
    out[at + 1] = second
    out[at + 2] = third
    out[at + 3] = fourth
  }
  for (; k < length; k++) out[start + k] = sums[k]!
}
