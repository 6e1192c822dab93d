import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HearsayError } from '../../src/errors.js'
import {
  allocate,
  decodeSafetensors,
  encodeSafetensors,
  headerOfTensors,
  layoutOf,
  safetensorsHeader,
  sameLayout,
} from '../../src/tensors/index.js'

// Written by Python's safetensors 0.8, safetensors.numpy.save_file, with metadata.
const fixture = readFileSync(new URL('../fixtures/tensors/python.safetensors', import.meta.url))

const layout = layoutOf([
  { name: 'dense1/kernel', shape: [3, 2] },
  { name: 'dense1/bias', shape: [2] },
  { name: 'scale', shape: [] },
])

function example(): Uint8Array {
  const values = allocate(layout)
  for (let k = 0; k < values.length; k++) values[k] = k / 3 - 1
  return encodeSafetensors({ layout, values })
}

/** The file with another header. */
function withHeader(header: string | object, data: Uint8Array = new Uint8Array(36)): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(data, 8 + json.length)
  return bytes
}

function refusal(bytes: Uint8Array): string {
  try {
    decodeSafetensors(bytes, 'x.safetensors', { headerBytes: 4096, totalBytes: 1 << 20 })
  } catch (error) {
    if (error instanceof HearsayError) return error.message
    throw error
  }
  return 'accepted'
}

describe('safetensors', () => {
  it('reads a file that Python wrote', () => {
    const { layout, values } = decodeSafetensors(fixture)
    const tensor = (name: string): number[] => {
      const { offset, size } = layout.tensors.find(place => place.name === name)!
      return [...values.subarray(offset, offset + size)]
    }
    expect(layout.tensors.map(({ name, shape }) => [name, shape]).sort()).toEqual([
      ['conv1/bias', [4]],
      ['conv1/kernel', [2, 3, 4]],
      ['output/kernel', [4, 2]],
    ])
    expect(tensor('conv1/bias')).toEqual([1.5, -2.5, Math.fround(Math.PI), 0])
    expect(tensor('conv1/kernel')).toEqual(Array.from({ length: 24 }, (_, k) => Math.fround(Math.fround(k) / 7)))
    expect(tensor('output/kernel')).toEqual(new Array(8).fill(-0.125))
  })

  it('writes what it reads, byte for byte, but for metadata', () => {
    const decoded = decodeSafetensors(fixture)
    const again = encodeSafetensors(decoded, { format: 'np' })
    expect(Buffer.from(again).equals(fixture)).toBe(true)
  })

  it('keeps every value and the layout (any floats, any shapes)', () => {
    const shapes = fc.array(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(shapes, fc.infiniteStream(fc.float()), (dimensions, floats) => {
        const layout = layoutOf(dimensions.map((shape, k) => ({ name: `layer${k}/kernel`, shape })))
        const values = allocate(layout)
        for (let k = 0; k < values.length; k++) values[k] = floats.next().value
        const decoded = decodeSafetensors(encodeSafetensors({ layout, values }))
        expect(sameLayout(decoded.layout, layout)).toBe(true)
        expect(new Uint8Array(decoded.values.buffer)).toEqual(new Uint8Array(values.buffer))
      }),
    )
  })

  it('aligns the numbers, so that a float view needs no copy', () => {
    for (let length = 1; length < 20; length++) {
      const header = safetensorsHeader(layoutOf([{ name: 'x'.repeat(length), shape: [1] }]))
      expect(header.length % 8).toBe(0)
    }
  })

  it('names tensors of other numbers with the bytes that they take', () => {
    const header = headerOfTensors([
      { name: 'a.scale', dtype: 'F32', shape: [] },
      { name: 'a', dtype: 'I8', shape: [2, 3] },
      { name: 'b', dtype: 'BF16', shape: [3] },
      { name: 'c', dtype: 'F16', shape: [0] },
    ])
    expect(JSON.parse(Buffer.from(header.subarray(8)).toString())).toEqual({
      'a.scale': { dtype: 'F32', shape: [], data_offsets: [0, 4] },
      a: { dtype: 'I8', shape: [2, 3], data_offsets: [4, 10] },
      b: { dtype: 'BF16', shape: [3], data_offsets: [10, 16] },
      c: { dtype: 'F16', shape: [0], data_offsets: [16, 16] },
    })
  })

  it('passes over fields of an entry that it does not know', () => {
    const entry = { dtype: 'F32', shape: [9], data_offsets: [0, 36] }
    expect(refusal(withHeader({ a: { ...entry, quantised_by: 'nobody', comment: null } }))).toBe('accepted')
    expect(refusal(withHeader({ a: { ...entry, shape: undefined } }))).toMatch(/needs dtype, shape/)
  })

  it('takes tensors of size zero wherever they begin, in any order of the header', () => {
    const entry = { dtype: 'F32', shape: [9], data_offsets: [0, 36] }
    const empty = (at: number): object => ({ dtype: 'F32', shape: [0, 3], data_offsets: [at, at] })
    expect(refusal(withHeader({ a: entry, front: empty(0) }))).toBe('accepted')
    expect(refusal(withHeader({ front: empty(0), also: empty(0), a: entry, behind: empty(36) }))).toBe('accepted')
    expect(refusal(withHeader({ a: entry, inside: empty(4) }))).toMatch(/"inside" starts at byte 4, not at 36/)
    expect(refusal(withHeader({ a: entry, b: { dtype: 'F32', shape: [1], data_offsets: [36, 36] } }))).toMatch(
      /"b" has 0 bytes for 1 numbers/,
    )
  })

  it('refuses each broken file with one line', () => {
    const entry = { dtype: 'F32', shape: [9], data_offsets: [0, 36] }
    expect(refusal(withHeader({ a: entry }))).toBe('accepted')
    expect(refusal(new Uint8Array(4))).toMatch(/too short/)
    expect(refusal(example().subarray(0, 20))).toMatch(/ends inside its header/)
    expect(refusal(example().subarray(0, -4))).toMatch(/ends inside tensor "scale"/)
    expect(refusal(Buffer.concat([example(), new Uint8Array(4)]))).toMatch(/4 bytes follow the last tensor/)
    expect(refusal(withHeader('not json'))).toMatch(/not JSON/)
    expect(refusal(withHeader('[1]'))).toMatch(/not a JSON object/)
    expect(refusal(withHeader({ a: { ...entry, dtype: 'F16' } }))).toMatch(/tensor "a" is F16; only F32/)
    expect(refusal(withHeader({ a: { ...entry, shape: [8] } }))).toMatch(/36 bytes for 8 numbers/)
    expect(refusal(withHeader({ a: { ...entry, data_offsets: [4, 40] } }))).toMatch(/starts at byte 4, not at 0/)
    expect(refusal(withHeader({ a: { ...entry, shape: [-9] } }))).toMatch(/needs dtype, shape/)
    expect(refusal(withHeader({ a: entry, b: entry }))).toMatch(/starts at byte 0, not at 36/)
    expect(refusal(withHeader({ a: 'F32' }))).toMatch(/needs dtype, shape/)
  })

  it('refuses more than its limits before it looks further', () => {
    const claims = withHeader('{}')
    new DataView(claims.buffer).setBigUint64(0, 2n ** 63n, true)
    expect(refusal(claims)).toMatch(/header claims 9223372036854775808 bytes; at most 4096/)
    expect(refusal(new Uint8Array((1 << 20) + 1))).toMatch(/at most 1048576 are read/)
    expect(refusal(withHeader({ a: { dtype: 'F32', shape: [2 ** 40], data_offsets: [0, 2 ** 42] } }))).toMatch(
      /ends inside tensor "a"/,
    )
  })

  it('never fails otherwise, whatever the bytes', () => {
    const bytes = example()
    const mutated = fc
      .array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
      .map(changes => {
        const copy = bytes.slice()
        for (const [at, value] of changes) copy[at] = value
        return copy
      })
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), hostile => {
        refusal(hostile)
      }),
      { numRuns: 500 },
    )
  })
})
