import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Codec, codecNames, exactly, int8 } from '../../../src/codec/index.js'
import { headFormat } from '../../../src/gossip/head/format.js'
import { Rejection } from '../../../src/gossip/rejection.js'
import { dtypeBytes, layoutOf } from '../../../src/tensors/index.js'
import { codecNamed } from '../../codec/named.js'
import { signs } from '../../codec/signs.js'
import { layout, vectors } from '../../codec/vectors.js'
import { decode, encode } from './heads.js'

// What holds of any bytes and numbers is in test/codec; here is what stands around them: header, size, pieces.
const codecs: readonly Codec[] = [...codecNames().map(codecNamed), signs]

describe.each(codecs.map(codec => [codec.name, codec] as const))('a head encoded as %s', (_, codec) => {
  it('is a safetensors file of exactly the size that layout and encoding imply', async () => {
    const format = headFormat(layout, codec)
    const payload = await encode(codec, new Float32Array(layout.size))
    expect(payload).toHaveLength(format.payloadBytes)
    const headerBytes = Number(new DataView(payload.buffer).getBigUint64(0, true))
    const { __metadata__, ...tensors } = JSON.parse(Buffer.from(payload.subarray(8, 8 + headerBytes)).toString())
    expect(__metadata__).toEqual(codec.metadata?.(layout))
    const entries = Object.entries<{ dtype: string; shape: number[]; data_offsets: [number, number] }>(tensors)
    let end = 0
    for (const [, { dtype, shape, data_offsets }] of entries) {
      const size = shape.reduce((product, length) => product * length, 1)
      expect(data_offsets).toEqual([end, end + size * dtypeBytes[dtype as 'F32']])
      end = data_offsets[1]
    }
    expect(8 + headerBytes + end).toBe(payload.length)
    expect(entries.map(([name]) => name)).toEqual(codec.tensors(layout).map(({ name }) => name))
  })

  it('arrives the same in whatever pieces', async () => {
    await fc.assert(
      fc.asyncProperty(vectors, fc.integer({ min: 1, max: 300 }), async (values, length) => {
        const payload = await encode(codec, values)
        expect(await decode(codec, payload, length)).toEqual(await decode(codec, payload, payload.length))
      }),
    )
  })

  it.each([Number.NaN, Infinity, -Infinity])('never lets a head with %f pass for an honest one', async value => {
    for (const place of [0, 15, layout.size - 1]) {
      const values = new Float32Array(layout.size).fill(0.5)
      values[place] = value
      await expect(decode(codec, await encode(codec, values))).rejects.toEqual(new Rejection('NOT_FINITE'))
    }
  })

  it('of another size or encoding is refused', async () => {
    const payload = await encode(codec, new Float32Array(layout.size).fill(1))
    await expect(decode(codec, Buffer.concat([payload, Uint8Array.of(0)]), 1)).rejects.toThrow('WRONG_SIZE')
    await expect(decode(codec, payload.subarray(0, -1))).rejects.toThrow('CUT_OFF')
    for (const other of codecs) {
      if (other !== codec) await expect(decode(other, payload)).rejects.toThrow(/MALFORMED|WRONG_SIZE/)
    }
  })

  it('of hostile numbers is a finite head or a rejection', async () => {
    const { header, payloadBytes } = headFormat(layout, codec)
    const behind = payloadBytes - header.length
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: behind, maxLength: behind }),
        fc.integer({ min: 1, max: 200 }),
        async (bytes, length) => {
          try {
            const arrived = await decode(codec, Buffer.concat([header, bytes]), length)
            expect(arrived.every(Number.isFinite)).toBe(true)
          } catch (error) {
            expect(error).toBeInstanceOf(Rejection)
            expect(['NOT_FINITE', 'MALFORMED']).toContain((error as Rejection).reason)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('each encoding', () => {
  it('has a layout digest of its own', () => {
    const digests = codecs.map(codec => Buffer.from(headFormat(layout, codec).layoutDigest).toString('hex'))
    expect(new Set(digests).size).toBe(codecs.length)
  })

  it('has tensors of different names', () => {
    const twice = layoutOf([
      { name: 'a/b', shape: [1] },
      { name: 'a/b.scale', shape: [1] },
    ])
    expect(() => headFormat(twice, int8)).toThrow(RangeError)
    expect(headFormat(twice).layout).toBe(twice)
  })

  it('has a size that follows from the layout', () => {
    const loose = { ...signs, size: () => ({ ...exactly(8), least: 4 }) }
    expect(() => headFormat(layout, loose)).toThrow('signs: a head needs a codec that always takes as many bytes')
  })

  it('of which nothing can be decoded before the end is decoded in many slices', async () => {
    const large = layoutOf([{ name: 'a/kernel', shape: [300_001] }])
    const values = Float32Array.from({ length: large.size }, (_, i) => (i % 3 === 0 ? -2 : 2))
    expect(await decode(signs, await encode(signs, values, large), 60_000, large)).toEqual(values)
  })
})
