import { kernelOn } from '../kernels.js'
import { kernelMemory, reserveScratch } from '../tensors/index.js'
import { overPieces } from './pieces.js'

/** The functions of kernels/merge.ts. All but `count` and `length` are addresses. */
interface MergeKernel {
  weightedSum(out: number, vectors: number, weights: number, sums: number, count: number, length: number): void
}

/** What a call needs beside the vectors, in the kernel's memory, for up to so many of them. */
interface Workspace {
  readonly weights: Float64Array
  readonly sums: Uint8Array
}

/** Float64 sums for which the kernel wants room. */
const tileLength = 1024

let kernel: MergeKernel | undefined
let workspace: Workspace | undefined

/** out[k] = Σ_j weights[j] · vectors[j][k] for k in [from, to), see `mix`. */
export function weightedSum(
  out: Float32Array,
  vectors: readonly Float32Array[],
  weights: readonly number[],
  from: number,
  to: number,
): void {
  kernel ??= kernelOn<MergeKernel>(kernelMemory(), 'merge')
  const { weightedSum } = kernel
  if (workspace === undefined || workspace.weights.length < vectors.length) workspace = createWorkspace(vectors.length)
  workspace.weights.set(weights)
  const { byteOffset: list } = workspace.weights
  const { byteOffset: sums } = workspace.sums
  overPieces(out, vectors, from, to, (target, addresses, length) =>
    weightedSum(target, addresses, list, sums, vectors.length, length),
  )
}

function createWorkspace(vectors: number): Workspace {
  const { buffer, byteOffset } = reserveScratch(vectors * Float64Array.BYTES_PER_ELEMENT)
  return {
    weights: new Float64Array(buffer, byteOffset, vectors),
    sums: reserveScratch(tileLength * Float64Array.BYTES_PER_ELEMENT),
  }
}
