import { kernelOn } from '../kernels.js'
import { kernelMemory, reserveScratch } from '../tensors/index.js'
import type { Pass } from './mix.js'
import { sortingNetwork } from './network.js'
import { overPieces } from './pieces.js'
import type { InPieces } from './rules/rule.js'

/** The function of kernels/ranks.ts. */
interface RanksKernel {
  meanOfRanks(
    out: number,
    vectors: number,
    count: number,
    network: number,
    exchanges: number,
    first: number,
    last: number,
    work: number,
    length: number,
  ): void
}

/** A network in the kernel's memory, and room for the numbers that it sorts. */
interface Sorter {
  readonly network: Int32Array
  readonly work: Uint8Array
}

/** Bytes of each vector that the kernel sorts at a time. */
const tileBytes = 1024

/** Peers of one process may have unlike numbers of neighbours: so many sorters are kept, those last made. */
const sortersKept = 8

let kernel: RanksKernel | undefined
const sorters = new Map<number, Sorter>()

/**
 * out[k] = the mean of the numbers of ranks [first, last) among those that the vectors have at k, for k in [from, to):
 * trimmed means and medians. The same bits in slices as in one go, and in whatever order the vectors come, but for the
 * sign of a zero: those of either sign are equal, and the order decides which is taken.
 *
 * @param vectors - as long as `out`; without NaN
 * @param ranks - the lowest number has rank 0; at least one
 */
export function mixRanks(
  out: Float32Array,
  vectors: readonly Float32Array[],
  [first, last]: readonly [first: number, last: number],
  from = 0,
  to = out.length,
): void {
  kernel ??= kernelOn<RanksKernel>(kernelMemory(), 'ranks')
  const { meanOfRanks } = kernel
  const { length: count } = vectors
  const { network, work } = sorterOf(count)
  overPieces(out, vectors, from, to, (target, list, length) =>
    meanOfRanks(target, list, count, network.byteOffset, network.length / 2, first, last, work.byteOffset, length),
  )
}

/** {@link mixRanks}, to be made in slices. */
export function rankedMean(vectors: readonly Float32Array[], ranks: readonly [first: number, last: number]): Pass {
  const exchanges = sorterOf(vectors.length).network.length / 2
  return {
    vectors: Math.max(vectors.length, exchanges),
    write: (out, from, to) => mixRanks(out, vectors, ranks, from, to),
  }
}

function sorterOf(count: number): Sorter {
  const kept = sorters.get(count)
  if (kept !== undefined) return kept
  const [oldest] = sorters.keys()
  if (sorters.size === sortersKept) sorters.delete(oldest!)
  const sorter = createSorter(count)
  sorters.set(count, sorter)
  return sorter
}

function createSorter(count: number): Sorter {
  const pairs = sortingNetwork(count).flat()
  const { buffer, byteOffset } = reserveScratch(pairs.length * Int32Array.BYTES_PER_ELEMENT)
  const network = new Int32Array(buffer, byteOffset, pairs.length)
  network.set(pairs)
  return { network, work: reserveScratch(count * tileBytes) }
}

/** Numbers of a vector that are looked at to find out how many of them are taken. */
const sampled = 1024

/** Sorting numbers of a few vectors takes so many times as long as going over them. */
const sorting = 16

/**
 * Which share of the result comes from each vector: of up to 1,024 numbers, evenly spread, how often its own is among
 * the ranks that are taken. Vectors whose numbers are equal share what is taken of them. Together 1.
 *
 * @param ranks - as of {@link mixRanks}
 */
export async function rankShares(
  vectors: readonly Float32Array[],
  [first, last]: readonly [first: number, last: number],
  inPieces: InPieces,
): Promise<number[]> {
  const shares = vectors.map(() => 0)
  const length = vectors[0]!.length
  const looks = Math.min(sampled, length)
  const sorted = new Float32Array(vectors.length)
  const taken = sorted.subarray(first, last)
  const each = 1 / (taken.length * looks)
  await inPieces(looks, sorting * vectors.length, look => {
    const at = Math.floor((look * length) / looks)
    for (const [j, values] of vectors.entries()) sorted[j] = values[at]!
    sorted.sort()
    const [low, high] = [taken[0]!, taken.at(-1)!]
    const shareOf = (value: number): number => timesIn(taken, value) / timesIn(sorted, value)
    const [ofLow, ofHigh] = [shareOf(low), shareOf(high)]
    for (const [j, values] of vectors.entries()) {
      const value = values[at]!
      if (value < low || value > high) continue
      shares[j]! += each * (value === low ? ofLow : value === high ? ofHigh : 1)
    }
  })
  return shares
}

function timesIn(values: Float32Array, value: number): number {
  return values.reduce((times, other) => (other === value ? times + 1 : times), 0)
}
