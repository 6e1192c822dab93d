import { createMemory, type KernelMemory, pageBytes } from '../kernels.js'
import { createGaps } from './gaps.js'

/*
 * The memory that kernels work on (kernels.ts), one in each thread: WebAssembly reaches no other. Vectors that are
 * merged, and heads on their way in, are reserved here, so that a kernel reads them where they lie.
 */

/** All that 32-bit addresses reach, 4 GiB. Reserved as addresses: pages are the machine's once they are written. */
const maximumPages = 65536
/** Left for what a kernel cannot do without when vectors have filled the rest. */
const scratchPages = 64
/** A memory grows by no less than this: each time, all threads that have a part of it look. */
const growthPages = 16
/** Numbers of a vector outside the memory that are copied in at a time: 16 KiB, to be still in the cache when summed. */
export const pieceLength = 4096
/** Blocks begin at a line of the cache. */
const alignment = 64

let memory: KernelMemory | undefined
const gaps = createGaps()
const buffers = new WeakSet<ArrayBufferLike>()
const collected = new FinalizationRegistry<readonly [number, number]>(block => gaps.give(...block))

/** This thread's memory for kernels. */
export function kernelMemory(): KernelMemory {
  if (memory === undefined) {
    memory = createMemory({ initial: 1, maximum: maximumPages })
    gaps.give(0, pageBytes)
  }
  return memory
}

/**
 * Room in the memory for kernels, with whatever was in it. It is free again once this thread has no view on its
 * `buffer` left, so another thread must not be left writing there. When the memory is full the room lies outside it:
 * whoever calls a kernel copies such numbers piece by piece, which costs time and nothing else.
 *
 * @returns a view, aligned to 64 bytes, on a buffer that has other vectors in it, too
 */
export function reserve(bytes: number): Uint8Array<SharedArrayBuffer> {
  return block(bytes, maximumPages - scratchPages) ?? new Uint8Array(new SharedArrayBuffer(bytes))
}

/** The same as a vector. */
export function reserveVector(length: number): Float32Array<SharedArrayBuffer> {
  const { buffer, byteOffset } = reserve(length * Float32Array.BYTES_PER_ELEMENT)
  return new Float32Array(buffer, byteOffset, length)
}

/**
 * The same for what a kernel needs beside the vectors, a few kilobytes, which must lie in its memory.
 *
 * @throws RangeError when there is none left
 */
export function reserveScratch(bytes: number): Uint8Array<SharedArrayBuffer> {
  const scratch = block(bytes, maximumPages)
  if (scratch === undefined) throw new RangeError('no room left in the memory for kernels')
  return scratch
}

/**
 * Room in the memory for kernels for {@link pieceLength} numbers.
 *
 * @throws as {@link reserveScratch} does
 */
export function reservePiece(): Float32Array<SharedArrayBuffer> {
  const { buffer, byteOffset } = reserveScratch(pieceLength * Float32Array.BYTES_PER_ELEMENT)
  return new Float32Array(buffer, byteOffset, pieceLength)
}

/** Where numbers lie in the memory for kernels; `undefined` when they lie outside. */
export function addressOf({ buffer, byteOffset }: ArrayBufferView): number | undefined {
  return buffers.has(buffer) ? byteOffset : undefined
}

/**
 * Copies bytes, one side or both in memory that threads share. There `Uint8Array.set` copies byte by byte, atomically,
 * unless both sides lie alike to 8 bytes, and what comes behind a frame's header does not: 3.2 GB/s. Node's `fill` is a
 * plain copy, 60 GB/s (Zen 5, 60 KiB at a time).
 *
 * @param at - where in `into`
 * @throws RangeError where they do not fit
 */
export function copyBytes(from: Uint8Array, into: Uint8Array, at = 0): void {
  if (at + from.length > into.length) throw new RangeError(`${from.length} bytes do not fit at ${at} of ${into.length}`)
  // It refuses nothing at all.
  if (from.length > 0) Buffer.from(into.buffer, into.byteOffset + at, from.length).fill(from)
}

/**
 * Where the numbers [from, to) of a vector lie in the memory for kernels: there, or as a copy in `piece`.
 *
 * @param piece - see {@link reservePiece}; asked for no more than it holds
 * @returns their address
 */
export function placeIn(piece: Float32Array, values: Float32Array, from: number, to: number): number {
  const address = addressOf(values)
  if (address !== undefined) return address + from * Float32Array.BYTES_PER_ELEMENT
  piece.set(values.subarray(from, to))
  return piece.byteOffset
}

function block(bytes: number, limitPages: number): Uint8Array<SharedArrayBuffer> | undefined {
  const size = Math.max(1, Math.ceil(bytes / alignment)) * alignment
  const start = gaps.take(size) ?? (isGrown(size, limitPages) ? gaps.take(size) : undefined)
  if (start === undefined) return undefined
  // Grown by nothing, a memory has a buffer of its own for this block alone: when that is collected, no view is left.
  kernelMemory().grow(0)
  const { buffer } = kernelMemory()
  buffers.add(buffer)
  collected.register(buffer, [start, size])
  return new Uint8Array(buffer, start, bytes)
}

function isGrown(bytes: number, limitPages: number): boolean {
  const memory = kernelMemory()
  const pages = Math.max(growthPages, Math.ceil(bytes / pageBytes))
  const before = memory.buffer.byteLength / pageBytes
  if (before + pages > limitPages) return false
  try {
    memory.grow(pages)
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
  gaps.give(before * pageBytes, pages * pageBytes)
  return true
}
