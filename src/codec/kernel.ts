import { kernelOn } from '../kernels.js'
import { addressOf, bytesOf, copyBytes, kernelMemory, pieceLength, reserveScratch } from '../tensors/index.js'

/** The functions of kernels/codec.ts. All but `factor`, `scale` and `length` are addresses. */
interface CodecKernel {
  encodeBf16(out: number, values: number, length: number): void
  decodeBf16(out: number, from: number, length: number): void
  encodeF16(out: number, values: number, length: number): void
  decodeF16(out: number, from: number, length: number): void
  quantise(out: number, values: number, factor: number, length: number): void
  /** @returns 1 where one of the numbers was −128; otherwise 0 */
  decodeInt8(out: number, from: number, scale: number, length: number): number
}

/** Numbers of one width, one behind the other. */
export type Numbers = Float32Array | Uint16Array | Int8Array

/** Of the widest numbers there are as many bytes in a piece. */
const pieceBytes = pieceLength * Float32Array.BYTES_PER_ELEMENT

let tools: { readonly kernel: CodecKernel; readonly source: Uint8Array; readonly target: Uint8Array } | undefined

/**
 * Turns the numbers [from, to) of one vector into those of another. What lies in the memory for kernels is read and
 * written there; what lies outside goes through it piece by piece.
 *
 * @param target - may end where `source` ends, in the same memory, unless its numbers are the narrower ones
 * @param work - calls the kernel with the addresses of the first numbers
 */
export function converted(
  source: Numbers,
  target: Numbers,
  from: number,
  to: number,
  work: (kernel: CodecKernel, out: number, values: number, length: number) => void,
): void {
  tools ??= {
    kernel: kernelOn<CodecKernel>(kernelMemory(), 'codec'),
    source: reserveScratch(pieceBytes),
    target: reserveScratch(pieceBytes),
  }
  const { kernel } = tools
  const [read, write] = [addressOf(source), addressOf(target)]
  const step = read === undefined || write === undefined ? pieceLength : to - from
  for (let start = from; start < to; start += step) {
    const end = Math.min(start + step, to)
    const values = read === undefined ? copiedIn(source.subarray(start, end)) : read + start * source.BYTES_PER_ELEMENT
    const out = write === undefined ? tools.target.byteOffset : write + start * target.BYTES_PER_ELEMENT
    work(kernel, out, values, end - start)
    if (write !== undefined) continue
    const bytes = bytesOf(target.subarray(start, end))
    copyBytes(tools.target.subarray(0, bytes.length), bytes)
  }
}

function copiedIn(numbers: Numbers): number {
  copyBytes(bytesOf(numbers), tools!.source)
  return tools!.source.byteOffset
}
