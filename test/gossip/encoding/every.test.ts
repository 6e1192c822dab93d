import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodingNames } from '../../../src/gossip/encoding/index.js'
import { headFormat } from '../../../src/gossip/head/format.js'
import { Rejection } from '../../../src/gossip/rejection.js'
import { dtypeBytes, layoutOf } from '../../../src/tensors/index.js'
import { decode, encode, heads, layout, roundTrip } from './heads.js'

describe.each(encodingNames)('the encoding %s', name => {
  it('is a safetensors file of exactly the size that layout and encoding imply', async () => {
    const format = headFormat(layout, name)
    const payload = await encode(name, new Float32Array(layout.size))
    expect(payload).toHaveLength(format.payloadBytes)
    const headerBytes = Number(new DataView(payload.buffer).getBigUint64(0, true))
    const entries = Object.entries<{ dtype: string; shape: number[]; data_offsets: [number, number] }>(
      JSON.parse(Buffer.from(payload.subarray(8, 8 + headerBytes)).toString()),
    )
    let end = 0
    for (const [, { dtype, shape, data_offsets }] of entries) {
      const size = shape.reduce((product, length) => product * length, 1)
      expect(data_offsets).toEqual([end, end + size * dtypeBytes[dtype as 'F32']])
      end = data_offsets[1]
    }
    expect(8 + headerBytes + end).toBe(payload.length)
    const names = layout.tensors.map(tensor => tensor.name)
    expect(entries.map(([entry]) => entry)).toEqual(
      name === 'int8' ? [...names.map(of => `${of}.scale`), ...names] : names,
    )
  })

  it('keeps what is finite finite', async () => {
    await fc.assert(
      fc.asyncProperty(heads, async values => {
        expect((await roundTrip(name, values)).every(Number.isFinite)).toBe(true)
      }),
    )
  })

  it('of a head that it has rounded before gives the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(heads, async values => {
        const payload = await encode(name, values)
        expect(await encode(name, (await decode(name, payload)).slice())).toEqual(payload)
      }),
    )
  })

  it('arrives the same in whatever pieces', async () => {
    await fc.assert(
      fc.asyncProperty(heads, fc.integer({ min: 1, max: 300 }), async (values, length) => {
        const payload = await encode(name, values)
        expect(await decode(name, payload, length)).toEqual(await decode(name, payload, payload.length))
      }),
    )
  })

  it('keeps zeros zero', async () => {
    const values = Float32Array.from({ length: layout.size }, (_, i) => (i % 2 === 0 ? 0 : Math.sin(i)))
    const arrived = await roundTrip(name, values)
    for (let i = 0; i < layout.size; i += 2) expect(arrived[i]).toBeCloseTo(0, 100)
  })

  it.each([Number.NaN, Infinity, -Infinity])('never lets a head with %f pass for an honest one', async value => {
    for (const place of [0, 15, layout.size - 1]) {
      const values = new Float32Array(layout.size).fill(0.5)
      values[place] = value
      await expect(decode(name, await encode(name, values))).rejects.toEqual(new Rejection('NOT_FINITE'))
    }
  })

  it('of another size or encoding is refused', async () => {
    const payload = await encode(name, new Float32Array(layout.size).fill(1))
    await expect(decode(name, Buffer.concat([payload, Uint8Array.of(0)]), 1)).rejects.toThrow('WRONG_SIZE')
    await expect(decode(name, payload.subarray(0, -1))).rejects.toThrow('CUT_OFF')
    for (const other of encodingNames) {
      if (other !== name) await expect(decode(other, payload)).rejects.toThrow(/MALFORMED|WRONG_SIZE/)
    }
  })

  it('of hostile numbers is a finite head or a rejection', async () => {
    const { header, payloadBytes } = headFormat(layout, name)
    const behind = payloadBytes - header.length
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: behind, maxLength: behind }),
        fc.integer({ min: 1, max: 200 }),
        async (bytes, length) => {
          try {
            const arrived = await decode(name, Buffer.concat([header, bytes]), length)
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
    const digests = encodingNames.map(name => Buffer.from(headFormat(layout, name).layoutDigest).toString('hex'))
    expect(new Set(digests).size).toBe(encodingNames.length)
    expect(headFormat(layout)).toEqual(headFormat(layout, 'f32'))
  })

  it('goes over a head of many slices and tensors', async () => {
    const large = layoutOf([
      { name: 'a/kernel', shape: [300_001] },
      { name: 'a/bias', shape: [3] },
      { name: 'b/kernel', shape: [200_000] },
    ])
    const values = Float32Array.from({ length: large.size }, (_, i) => Math.sin(i) * (i < 300_001 ? 1 : 1000))
    for (const name of encodingNames) {
      const arrived = await roundTrip(name, values, large)
      let worst = 0
      for (let i = 0; i < values.length; i++) {
        worst = Math.max(worst, Math.abs(arrived[i]! - values[i]!) / (i < 300_001 ? 1 : 1000))
      }
      expect(worst).toBeLessThanOrEqual({ f32: 0, bf16: 2 ** -8, f16: 2 ** -11, int8: 0.5 / 126 }[name])
    }
  })
})
