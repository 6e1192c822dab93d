import { kernelOn } from '../kernels.js'
import { addressOf, kernelMemory, pieceLength, reserveScratch } from '../tensors/index.js'

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
    const values = read === undefined ? copiedIn(source, start, end) : read + start * source.BYTES_PER_ELEMENT
    const out = write === undefined ? tools.target.byteOffset : write + start * target.BYTES_PER_ELEMENT
    work(kernel, out, values, end - start)
    if (write === undefined) bytesOf(target, start, end).set(tools.target.subarray(0, widthOf(target, start, end)))
  }
}

function copiedIn(source: Numbers, start: number, end: number): number {
  const piece = tools!.source
  piece.set(bytesOf(source, start, end))
  return piece.byteOffset
}

function bytesOf(numbers: Numbers, start: number, end: number): Uint8Array {
  const { buffer, byteOffset, BYTES_PER_ELEMENT: width } = numbers
  return new Uint8Array(buffer, byteOffset + start * width, (end - start) * width)
}

function widthOf({ BYTES_PER_ELEMENT: width }: Numbers, start: number, end: number): number {
  return (end - start) * width
}
