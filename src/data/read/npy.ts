import { type DataLimits, dataError, dataLimits } from '../limits.js'
import type { Pieces } from './file.js'

/*
 * The .npy format (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): magic, version, header
 * length, a Python dictionary literal with dtype, order and shape, then the numbers without gaps. Arrays of Python
 * objects are pickles, which run code when read: they are refused.
 */

type Numbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array

/** An array as numpy saved it, in C order. 64-bit integers come as float64, exact up to 2⁵³. */
export interface NpyArray {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly values: Numbers
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

const readers: Record<string, { bytes: number; read(buffer: SharedArrayBuffer): Numbers }> = {
  '|b1': { bytes: 1, read: buffer => new Uint8Array(buffer) },
  '|u1': { bytes: 1, read: buffer => new Uint8Array(buffer) },
  '|i1': { bytes: 1, read: buffer => new Int8Array(buffer) },
  '<u2': { bytes: 2, read: buffer => new Uint16Array(buffer) },
  '<i2': { bytes: 2, read: buffer => new Int16Array(buffer) },
  '<u4': { bytes: 4, read: buffer => new Uint32Array(buffer) },
  '<i4': { bytes: 4, read: buffer => new Int32Array(buffer) },
  '<u8': { bytes: 8, read: buffer => Float64Array.from(new BigUint64Array(buffer), Number) },
  '<i8': { bytes: 8, read: buffer => Float64Array.from(new BigInt64Array(buffer), Number) },
  '<f4': { bytes: 4, read: buffer => new Float32Array(buffer) },
  '<f8': { bytes: 8, read: buffer => new Float64Array(buffer) },
}

/** numpy itself refuses longer ones by default. */
const headerLimit = 10_000

/**
 * Reads one .npy array, straight to the shared memory that samples are kept on: no other copy is made but of arrays in
 * Fortran order and of 64-bit integers. Nothing is allocated by what the header claims: its shape must fit the size.
 *
 * @param pieces - its bytes
 * @param size - how many these are
 * @param what - what to call the array in an error: "a.npz: train_images"
 * @throws {@link HearsayError} when the bytes are no such array
 */
export async function readNpy(
  pieces: Pieces,
  size: number,
  what: string,
  limits: DataLimits = dataLimits,
): Promise<NpyArray> {
  let header: Header | undefined
  let start: Uint8Array = new Uint8Array(0)
  let numbers = new Uint8Array(new SharedArrayBuffer(0))
  let at = 0
  for await (const piece of pieces) {
    let rest = piece
    if (header === undefined) {
      start = Buffer.concat([start, piece])
      header = headerIn(start, what)
      if (header === undefined) continue
      const bytes = checkedBytes(header, size, what, limits)
      numbers = new Uint8Array(new SharedArrayBuffer(bytes))
      rest = start.subarray(header.length)
    }
    if (rest.length > numbers.length - at) throw dataError(what, `is longer than its ${size} bytes`)
    numbers.set(rest, at)
    at += rest.length
  }
  if (header === undefined) {
    throw dataError(what, start.length < 10 ? 'is not a numpy array' : 'ends inside its header; was it cut off?')
  }
  if (at < numbers.length) throw dataError(what, `ends before its ${size} bytes; was it cut off?`)
  const { descr, shape, fortran } = header
  const values = readers[descr]!.read(numbers.buffer)
  return { dtype: descr, shape, values: fortran ? toRowMajor(values, shape) : values }
}

interface Header {
  /** In bytes; the numbers follow. */
  readonly length: number
  readonly descr: string
  readonly fortran: boolean
  readonly shape: readonly number[]
}

/** @returns undefined as long as more bytes are needed */
function headerIn(start: Uint8Array, what: string): Header | undefined {
  if (magic.some((byte, i) => i < start.length && start[i] !== byte)) throw dataError(what, 'is not a numpy array')
  if (start.length < 10) return undefined
  const view = new DataView(start.buffer, start.byteOffset, start.length)
  const major = start[6]!
  if (major < 1 || major > 3) throw dataError(what, `has npy version ${major}; 1 to 3 are read`)
  const textStart = major === 1 ? 10 : 12
  if (start.length < textStart) return undefined
  const textLength = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (textLength > headerLimit)
    throw dataError(what, `has a header of ${textLength} bytes; at most ${headerLimit} are read`)
  const length = textStart + textLength
  return start.length < length ? undefined : { length, ...parseHeader(start.subarray(textStart, length), what) }
}

/** How many bytes the numbers take, which must be as many as follow the header. */
function checkedBytes({ length, descr, shape }: Header, size: number, what: string, limits: DataLimits): number {
  const reader = Object.hasOwn(readers, descr) ? readers[descr] : undefined
  if (reader === undefined) throw dataError(what, refusal(descr))
  const count = shape.reduce((product, length) => product * length, 1)
  const expected = count * reader.bytes
  if (!(expected <= limits.inflatedBytes)) {
    throw dataError(
      what,
      `shape (${shape.join(', ')}) takes ${expected} bytes; at most ${limits.inflatedBytes} are read`,
    )
  }
  const present = size - length
  if (present === expected) return expected
  const cut = present < expected ? '; was it cut off?' : ''
  throw dataError(what, `shape (${shape.join(', ')}) of ${descr} needs ${expected} bytes, but ${present} follow${cut}`)
}

function parseHeader(bytes: Uint8Array, what: string): { descr: string; fortran: boolean; shape: number[] } {
  const text = new TextDecoder('latin1').decode(bytes)
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1]
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1]
  const lengths = /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(text)?.[1]
  if (/'descr'\s*:\s*\[/.test(text)) throw dataError(what, 'has named fields; save its columns as plain arrays')
  if (descr === undefined || fortran === undefined || lengths === undefined) {
    throw dataError(what, 'its header needs descr, fortran_order and shape')
  }
  const shape = lengths
    .split(',')
    .map(length => length.trim().replace(/L$/, ''))
    .filter(length => length !== '')
    .map(Number)
  if (shape.length > 8 || shape.some(length => !Number.isSafeInteger(length))) {
    throw dataError(what, `shape (${lengths}) is not one of at most 8 whole numbers`)
  }
  return { descr, fortran: fortran === 'True', shape }
}

function refusal(descr: string): string {
  if (descr.includes('O')) return 'holds Python objects, which can run code when read; save it with a numeric dtype'
  if (descr.startsWith('>')) return `is big-endian (${descr}); save it again with astype('<${descr.slice(1)}')`
  return `has dtype ${descr}; numbers of ${Object.keys(readers).join(', ')} are read`
}

function toRowMajor(values: Numbers, shape: readonly number[]): Numbers {
  const reordered = new (values.constructor as { new (buffer: SharedArrayBuffer): Numbers })(
    new SharedArrayBuffer(values.byteLength),
  )
  const position = new Array<number>(shape.length).fill(0)
  // The first axis moves fastest in Fortran order; its step in C order is the product of all lengths after it.
  const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1))
  let to = 0
  for (let from = 0; from < values.length; from++) {
    reordered[to] = values[from]!
    for (let axis = 0; axis < shape.length; axis++) {
      position[axis]!++
      to += steps[axis]!
      if (position[axis]! < shape[axis]!) break
      to -= steps[axis]! * shape[axis]!
      position[axis] = 0
    }
  }
  return reordered
}
