import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { Event, Summary, SummaryValue } from '../../../src/series/tensorboard/generated/event.js'

/** CRC-32C bit by bit, from the polynomial 0x1EDC6F41, reflected. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

const unmasked = (masked: number): number => {
  const rotated = (masked - 0xa282ead8) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}

/** The data of a file's records, by the format's description: every checksum must be right, and nothing be left. */
export function recordsIn(file: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(file)
  const records: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at))
    expect(unmasked(bytes.readUInt32LE(at + 8))).toBe(crc32c(bytes.subarray(at, at + 8)))
    const data = bytes.subarray(at + 12, at + 12 + length)
    expect(data).toHaveLength(length)
    expect(unmasked(bytes.readUInt32LE(at + 12 + length))).toBe(crc32c(data))
    records.push(data)
    at += 16 + length
  }
  return records
}

/** The events of a folder's own files, in the order in which TensorBoard reads them. */
export function eventsIn(folder: string): Event[] {
  const files = readdirSync(folder).filter(name => name.includes('tfevents'))
  return files.sort().flatMap(name => recordsIn(readFileSync(join(folder, name))).map(data => Event.decode(data)))
}

/** What an event says, value by value. */
export function valuesIn({ summary }: Event): SummaryValue[] {
  return summary === undefined ? [] : Summary.decode(summary).value.map(value => SummaryValue.decode(value))
}

/** The scalars of a folder, by tag: step and number. */
export function scalarsIn(folder: string): Record<string, [number, number][]> {
  const scalars: Record<string, [number, number][]> = {}
  for (const event of eventsIn(folder)) {
    for (const { tag, simpleValue } of valuesIn(event)) {
      if (simpleValue !== undefined) scalars[tag] = [...(scalars[tag] ?? []), [event.step, simpleValue]]
    }
  }
  return scalars
}
