import * as z from 'zod'
import { HearsayError } from '../errors.js'
import { allocate, bytesOf, type Layout, layoutOf, type ModelParameters } from './layout.js'

/*
 * The safetensors format (https://huggingface.co/docs/safetensors): eight bytes little-endian header length, a JSON
 * header, then the tensors' bytes without gaps. It holds numbers and no code, which is why strangers may send it.
 */

/** How many bytes at a file's start say how long its header is. */
export const safetensorsLengthBytes = 8
const floatBytes = Float32Array.BYTES_PER_ELEMENT

/** What a decoder refuses to look at. */
export interface SafetensorsLimits {
  /** The format itself caps the header at 100 MB; a model's layout needs far less. */
  readonly headerBytes: number
  readonly totalBytes: number
}

export const safetensorsLimits: SafetensorsLimits = { headerBytes: 1 << 20, totalBytes: 4 * 2 ** 30 }

/** Bytes of one number, by the format's name for its kind. */
export const dtypeBytes = { F32: 4, U32: 4, BF16: 2, F16: 2, I8: 1, U8: 1 } as const

export type SafetensorsDtype = keyof typeof dtypeBytes

/** A tensor as a header names it. */
export interface TensorEntry {
  readonly name: string
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
}

/**
 * The first bytes of a file of float32 tensors: length and header. They depend on the layout alone, so a receiver that
 * knows the layout knows them to the last byte.
 */
export function safetensorsHeader(layout: Layout, metadata?: Readonly<Record<string, string>>): Uint8Array {
  const tensors = layout.tensors.map(({ name, shape }) => ({ name, shape, dtype: 'F32' }) as const)
  return headerOfTensors(tensors, metadata)
}

/** The first bytes of a file whose tensors lie one after another in the order given. No name may come twice. */
export function headerOfTensors(
  tensors: readonly TensorEntry[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = {}
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata
  let offset = 0
  for (const { name, dtype, shape } of tensors) {
    const end = offset + shape.reduce((product, length) => product * length, 1) * dtypeBytes[dtype]
    header[name] = { dtype, shape, data_offsets: [offset, end] }
    offset = end
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  // Padded with spaces to a multiple of eight, as the reference writer does: the numbers then lie aligned.
  const padded = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(safetensorsLengthBytes + padded).fill(0x20)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true)
  bytes.set(json, safetensorsLengthBytes)
  return bytes
}

/** One file: the header and a copy of the numbers. */
export function encodeSafetensors(
  { layout, values }: ModelParameters,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const header = safetensorsHeader(layout, metadata)
  const bytes = new Uint8Array(header.length + values.byteLength)
  bytes.set(header)
  bytes.set(bytesOf(values), header.length)
  return bytes
}

/** Other writers put more into an entry; the format leaves that open, and the reference reader passes it over. */
const entrySchema = z.looseObject({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()).max(8),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
})
const headerSchema = z.record(z.string(), z.unknown())

/**
 * Reads a safetensors file of float32 tensors. Tensors come out in the order in which their bytes lie.
 *
 * @param source - what to call the file in an error
 * @throws {@link HearsayError} when the bytes are no such file, or exceed the limits
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  source = 'safetensors',
  limits: SafetensorsLimits = safetensorsLimits,
): ModelParameters {
  const wrong = (what: string): HearsayError => new HearsayError('PARAMETERS', what, { source })
  if (bytes.length > limits.totalBytes) throw wrong(`${bytes.length} bytes; at most ${limits.totalBytes} are read`)
  if (bytes.length < safetensorsLengthBytes) throw wrong('is too short to be a safetensors file; was it cut off?')
  const dataStart = safetensorsDataStart(bytes, source, limits)
  if (dataStart > bytes.length) throw wrong('ends inside its header; was it cut off?')
  const { layout } = decodeSafetensorsHeader(
    bytes.subarray(safetensorsLengthBytes, dataStart),
    bytes.length - dataStart,
    source,
  )
  const values = allocate(layout)
  new Uint8Array(values.buffer).set(bytes.subarray(dataStart))
  return { layout, values }
}

/**
 * Where the numbers begin, from the first {@link safetensorsLengthBytes} of a file: for a reader that takes a large file
 * piece by piece.
 *
 * @throws {@link HearsayError} when the header claims to be larger than the limit
 */
export function safetensorsDataStart(
  start: Uint8Array,
  source = 'safetensors',
  limits: SafetensorsLimits = safetensorsLimits,
): number {
  const declared = new DataView(start.buffer, start.byteOffset, safetensorsLengthBytes).getBigUint64(0, true)
  if (declared > BigInt(limits.headerBytes)) {
    const claim = `its header claims ${declared} bytes; at most ${limits.headerBytes} are read`
    throw new HearsayError('PARAMETERS', claim, { source })
  }
  return safetensorsLengthBytes + Number(declared)
}

/**
 * Reads the JSON between the length and the numbers.
 *
 * @param dataLength - bytes that follow the header: the tensors must cover them without gaps
 * @returns the layout, and what stands under `__metadata__`, unchecked
 * @throws {@link HearsayError} when it is no such header, or does not fit the numbers
 */
export function decodeSafetensorsHeader(
  json: Uint8Array,
  dataLength: number,
  source = 'safetensors',
): { readonly layout: Layout; readonly metadata: unknown } {
  const wrong = (what: string): HearsayError => new HearsayError('PARAMETERS', what, { source })
  const { entries, metadata } = parseEntries(json, wrong)
  let expectedStart = 0
  for (const { name, entry } of entries) {
    const [start, end] = entry.data_offsets
    const size = entry.shape.reduce((product, length) => product * length, 1)
    if (entry.dtype !== 'F32') throw wrong(`tensor "${name}" is ${entry.dtype}; only F32 is read`)
    if (start !== expectedStart) throw wrong(`tensor "${name}" starts at byte ${start}, not at ${expectedStart}`)
    if (end - start !== size * floatBytes) throw wrong(`tensor "${name}" has ${end - start} bytes for ${size} numbers`)
    if (end > dataLength) throw wrong(`ends inside tensor "${name}"; was it cut off?`)
    expectedStart = end
  }
  if (expectedStart !== dataLength) throw wrong(`${dataLength - expectedStart} bytes follow the last tensor`)
  return { layout: layoutOf(entries.map(({ name, entry }) => ({ name, shape: entry.shape }))), metadata }
}

function parseEntries(
  json: Uint8Array,
  wrong: (what: string) => HearsayError,
): { readonly entries: { name: string; entry: z.output<typeof entrySchema> }[]; readonly metadata: unknown } {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
  } catch {
    throw wrong('its header is not JSON')
  }
  const header = headerSchema.safeParse(parsed)
  if (!header.success) throw wrong('its header is not a JSON object')
  const entries = Object.entries(header.data)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => {
      const entry = entrySchema.safeParse(value)
      if (!entry.success) throw wrong(`the header's entry "${name}" needs dtype, shape and data_offsets`)
      return { name, entry: entry.data }
    })
    .sort(({ entry: a }, { entry: b }) => {
      const [[start, end], [otherStart, otherEnd]] = [a.data_offsets, b.data_offsets]
      // A tensor of size zero goes before the one that begins where it does.
      return start - otherStart || end - otherEnd
    })
  return { entries, metadata: header.data.__metadata__ }
}
