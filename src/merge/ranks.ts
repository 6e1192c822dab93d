import { kernelOn } from '../kernels.js'
import { kernelMemory, reserveScratch } from '../tensors/index.js'
import { sortingNetwork } from './network.js'
import { overPieces } from './pieces.js'

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
  readonly count: number
  readonly network: Int32Array
  readonly work: Uint8Array
}

/** Bytes of each vector that the kernel sorts at a time. */
const tileBytes = 1024

let kernel: RanksKernel | undefined
let sorter: Sorter | undefined

/**
 * out[k] = the mean of the numbers of ranks [first, last) among those that the vectors have at k, for k in [from, to):
 * trimmed means and medians. The same bits in slices as in one go, and in whatever order the vectors come.
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
  if (sorter?.count !== count) sorter = createSorter(count)
  const { network, work } = sorter
  overPieces(out, vectors, from, to, (target, list, length) =>
    meanOfRanks(target, list, count, network.byteOffset, network.length / 2, first, last, work.byteOffset, length),
  )
}

function createSorter(count: number): Sorter {
  const pairs = sortingNetwork(count).flat()
  const { buffer, byteOffset } = reserveScratch(pairs.length * Int32Array.BYTES_PER_ELEMENT)
  const network = new Int32Array(buffer, byteOffset, pairs.length)
  network.set(pairs)
  return { count, network, work: reserveScratch(count * tileBytes) }
}

/** Numbers of a vector that are looked at to find out how many of them are taken. */
const sampled = 1024

/**
 * Which share of the result comes from each vector: of up to 1,024 numbers, evenly spread, how often its own is among
 * the ranks that are taken. Together 1.
 *
 * @param ranks - as of {@link mixRanks}
 */
export function rankShares(
  vectors: readonly Float32Array[],
  [first, last]: readonly [first: number, last: number],
): number[] {
  const shares = vectors.map(() => 0)
  const length = vectors[0]!.length
  const looks = Math.min(sampled, length)
  for (let look = 0; look < looks; look++) {
    const at = Math.floor((look * length) / looks)
    const order = [...vectors.keys()].sort((a, b) => vectors[a]![at]! - vectors[b]![at]! || a - b)
    for (const place of order.slice(first, last)) shares[place]! += 1 / ((last - first) * looks)
  }
  return shares
}
