import { kernelOn } from '../kernels.js'
import { addressOf, kernelMemory, pieceLength, placeIn, reservePiece, reserveScratch } from '../tensors/index.js'

/** The functions of kernels/merge.ts. All but `count` and `length` are addresses. */
interface MergeKernel {
  weightedSum(out: number, vectors: number, weights: number, sums: number, count: number, length: number): void
}

/** What a call needs beside the vectors, in the kernel's memory, for up to so many of them. */
interface Workspace {
  readonly addresses: Uint32Array
  readonly weights: Float64Array
  readonly sums: Uint8Array
  /** A piece of `out`, and one of each vector. */
  readonly pieces: readonly Float32Array[]
}

/** Float64 sums for which the kernel wants room. */
const tileLength = 1024
const floatBytes = Float32Array.BYTES_PER_ELEMENT

let kernel: MergeKernel | undefined
let workspace: Workspace | undefined

/**
 * out[k] = Σ_j weights[j] · vectors[j][k] for k in [from, to), see `mix`. What lies in the memory for kernels is summed
 * there; what lies outside is copied through it piece by piece.
 */
export function weightedSum(
  out: Float32Array,
  vectors: readonly Float32Array[],
  weights: readonly number[],
  from: number,
  to: number,
): void {
  kernel ??= kernelOn<MergeKernel>(kernelMemory(), 'merge')
  const work = workspaceFor(vectors.length)
  work.weights.set(weights)
  const isInside = [out, ...vectors].every(values => addressOf(values) !== undefined)
  const step = isInside ? to - from : pieceLength
  for (let start = from; start < to; start += step) {
    const length = Math.min(step, to - start)
    const [outPiece, ...pieces] = work.pieces
    for (const [j, values] of vectors.entries()) {
      work.addresses[j] = placeIn(pieces[j]!, values, start, start + length)
    }
    const address = addressOf(out)
    const target = address === undefined ? outPiece!.byteOffset : address + start * floatBytes
    const { byteOffset: list } = work.addresses
    kernel.weightedSum(target, list, work.weights.byteOffset, work.sums.byteOffset, vectors.length, length)
    if (address === undefined) out.set(outPiece!.subarray(0, length), start)
  }
}

function workspaceFor(vectors: number): Workspace {
  if (workspace === undefined || workspace.addresses.length < vectors) workspace = createWorkspace(vectors)
  return workspace
}

function createWorkspace(vectors: number): Workspace {
  const addresses = reserveScratch(vectors * Uint32Array.BYTES_PER_ELEMENT)
  const weights = reserveScratch(vectors * Float64Array.BYTES_PER_ELEMENT)
  return {
    addresses: new Uint32Array(addresses.buffer, addresses.byteOffset, vectors),
    weights: new Float64Array(weights.buffer, weights.byteOffset, vectors),
    sums: reserveScratch(tileLength * Float64Array.BYTES_PER_ELEMENT),
    pieces: Array.from({ length: 1 + vectors }, reservePiece),
  }
}
