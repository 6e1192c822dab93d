import { kernelOn } from '../kernels.js'
import { addressOf, kernelMemory, type Layout, pieceLength, reserveScratch } from '../tensors/index.js'
import { type Codec, EncodingError, type Pass } from './codec.js'
import type { EncodingSection } from './kind.js'
import { packed } from './packed.js'

/** The functions of kernels/chunks.ts. All but how many numbers, levels and bits there are, are addresses. */
export interface ChunkKernel {
  encodeTop(out: number, values: number, numbers: number, kept: number, low: number, work: number): void
  decodeTop(out: number, from: number, numbers: number, kept: number, low: number, work: number): number
  encodeTopInBins(out: number, values: number, numbers: number, kept: number, low: number, work: number): void
  decodeTopInBins(out: number, from: number, numbers: number, kept: number, low: number, work: number): number
  encodeRandom(out: number, values: number, numbers: number, kept: number, work: number): void
  decodeRandom(out: number, from: number, numbers: number, kept: number, work: number): number
  encodeSigns(out: number, values: number, numbers: number): void
  decodeSigns(out: number, from: number, numbers: number): number
  encodeLevels(out: number, values: number, numbers: number, levels: number, bits: number): void
  decodeLevels(out: number, from: number, numbers: number, levels: number, bits: number, work: number): number
}

/** How one chunk becomes bytes, as many for each as its numbers imply. */
export interface ChunkCoding {
  bytes(numbers: number): number
  /** @param work - address of room for what the kernel needs meanwhile */
  encode(kernel: ChunkKernel, out: number, values: number, numbers: number, work: number): void
  /** @returns what is wrong with the bytes: 0 nothing, 1 no encoder writes them, 2 they hold what is not finite */
  decode(kernel: ChunkKernel, out: number, from: number, numbers: number, work: number): number
}

/**
 * Numbers of a chunk; the last may have fewer. Each is compressed alone, so that large layers do not starve small ones,
 * and a head can be decoded while it arrives.
 */
export const chunkLength = pieceLength
const chunkBytes = chunkLength * Float32Array.BYTES_PER_ELEMENT
/** Kernels read and write a little behind a chunk's bytes. */
const slackBytes = 16
const workBytes = 25 * 1024

interface Tools {
  readonly kernel: ChunkKernel
  /** For a chunk's numbers, where they do not lie in the memory for kernels, and its bytes. */
  readonly piece: Float32Array
  readonly bytes: Uint8Array
  /** A view, not its address alone: room without a view on it is given to the next vector. */
  readonly work: Uint8Array
}

let tools: Tools | undefined

function toolsOf(): Tools {
  if (tools === undefined) {
    const { buffer, byteOffset } = reserveScratch(chunkBytes)
    tools = {
      kernel: kernelOn<ChunkKernel>(kernelMemory(), 'chunks'),
      piece: new Float32Array(buffer, byteOffset, chunkLength),
      bytes: reserveScratch(chunkBytes + slackBytes),
      work: reserveScratch(workBytes),
    }
  }
  return tools
}

/**
 * A codec that goes over a vector chunk by chunk, whatever tensors they are of.
 *
 * @param section - settled: it stands in the payload's header, so that peers agree on every number
 */
export function inChunks(section: EncodingSection, coding: ChunkCoding): Codec {
  const wholeBytes = coding.bytes(chunkLength)
  const startOf = (chunk: number): number => chunk * wholeBytes
  const bytesFor = ({ size }: Layout): number => {
    const rest = size % chunkLength
    return startOf((size - rest) / chunkLength) + (rest === 0 ? 0 : coding.bytes(rest))
  }
  return {
    ...packed(section, bytesFor),
    decodable: (layout, bytes) =>
      bytes >= bytesFor(layout) ? layout.size : Math.floor(bytes / wholeBytes) * chunkLength,
    encode(layout, values, into) {
      const { kernel, piece, bytes, work } = toolsOf()
      const pass = byChunk(layout, (chunk, start, numbers) => {
        coding.encode(kernel, bytes.byteOffset, placeOf(values, start, numbers, piece), numbers, work.byteOffset)
        into.set(bytes.subarray(0, coding.bytes(numbers)), startOf(chunk))
      })
      return { passes: [pass], length: () => into.length }
    },
    decode(layout, from, values) {
      const { kernel, piece, bytes, work } = toolsOf()
      return byChunk(layout, (chunk, start, numbers) => {
        bytes.set(from.subarray(startOf(chunk), startOf(chunk) + coding.bytes(numbers)))
        const isHere = isPlaced(values, numbers)
        const out = isHere ? values.byteOffset + start * values.BYTES_PER_ELEMENT : piece.byteOffset
        const wrong = coding.decode(kernel, out, bytes.byteOffset, numbers, work.byteOffset)
        if (wrong !== 0) throw new EncodingError(wrong === 1 ? 'MALFORMED' : 'NOT_FINITE')
        if (!isHere) values.set(piece.subarray(0, numbers), start)
      })
    },
  }
}

/** Chunks that begin in a slice are done as a whole: all of their numbers, or bytes, are there. */
function byChunk({ size }: Layout, work: (chunk: number, start: number, numbers: number) => void): Pass {
  return (from, to) => {
    for (let chunk = Math.ceil(from / chunkLength); chunk * chunkLength < to; chunk++) {
      const start = chunk * chunkLength
      work(chunk, start, Math.min(chunkLength, size - start))
    }
  }
}

/** May a kernel read and write four numbers at a time where they lie? */
function isPlaced(values: Float32Array, numbers: number): boolean {
  return numbers % 4 === 0 && addressOf(values) !== undefined
}

function placeOf(values: Float32Array, start: number, numbers: number, piece: Float32Array): number {
  if (isPlaced(values, numbers)) return values.byteOffset + start * values.BYTES_PER_ELEMENT
  piece.set(values.subarray(start, start + numbers))
  piece.fill(0, numbers, Math.min(chunkLength, numbers + 3))
  return piece.byteOffset
}
