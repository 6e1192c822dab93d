import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeadHeader } from '../../../src/gossip/generated/handover.js'
import { decodeHeadHeader, headerOff, takeHead } from '../../../src/gossip/handover/header.js'
import { handoverProtocol } from '../../../src/gossip/handover/protocol.js'
import { createBuffers } from '../../../src/gossip/head/buffers.js'
import { headFormat } from '../../../src/gossip/head/format.js'
import { encodeHead, gatherHead } from '../../../src/gossip/head/payload.js'
import { Rejection } from '../../../src/gossip/rejection.js'
import { chunksOf, type Piece } from '../../../src/gossip/stream/frames.js'
import { decodeSafetensors, encodeSafetensors, layoutOf } from '../../../src/tensors/index.js'

const layout = layoutOf([
  { name: 'dense/kernel', shape: [5, 3] },
  { name: 'dense/bias', shape: [3] },
])
const format = headFormat(layout)
const values = Float32Array.from({ length: layout.size }, (_, i) => i / 7 - 1)
const header: HeadHeader = {
  runId: new Uint8Array(32).fill(9),
  round: 3,
  step: 1,
  layoutDigest: format.layoutDigest,
  payloadBytes: format.payloadBytes,
}

/** The payload as one frame, in pieces. */
async function* pieces(payload: Uint8Array, length: number): AsyncGenerator<Piece> {
  for (let at = 0; at < payload.length; at += length) {
    yield { frame: 1, bytes: payload.subarray(at, at + length), last: at + length >= payload.length }
  }
}

function gather(payload: Uint8Array, { length = 16, normLimit = Infinity } = {}): Promise<Float32Array> {
  return gatherHead(format, normLimit, createBuffers())(pieces(payload, length))
}

/** The bytes that every payload must have. */
const encode = (head: Float32Array): Uint8Array => encodeSafetensors({ layout, values: head })

function payloadWith(index: number, value: number): Uint8Array {
  return encode(values.map((old, i) => (i === index ? value : old)))
}

describe('a payload', () => {
  it('is a safetensors file', async () => {
    const payload = await encodeHead(format, values, createBuffers())
    expect(payload).toEqual(encode(values))
    const decoded = decodeSafetensors(payload)
    expect(decoded.layout).toEqual(layout)
    expect(decoded.values).toEqual(values)
  })

  it('is a snapshot', async () => {
    const head = values.slice()
    const payload = await encodeHead(format, head, createBuffers())
    head.fill(0)
    expect(payload).toEqual(encode(values))
  })

  it('is the same in memory that was used before', async () => {
    const buffers = createBuffers()
    const used = (await encodeHead(format, values.slice().fill(7), buffers)).fill(0xff)
    buffers.give(used)
    const payload = await encodeHead(format, values, buffers)
    expect(payload.buffer).toBe(used.buffer)
    expect(payload).toEqual(encode(values))
  })

  it('of another length than the layout is a misuse', async () => {
    await expect(encodeHead(format, values.subarray(1), createBuffers())).rejects.toThrow(RangeError)
  })

  it('comes back bit by bit, in whatever pieces', async () => {
    const bits = fc.uint8Array({ minLength: layout.size * 4, maxLength: layout.size * 4 })
    await fc.assert(
      fc.asyncProperty(bits, fc.integer({ min: 1, max: 400 }), async (bytes, length) => {
        const head = new Float32Array(bytes.slice().buffer).map(value => (Number.isFinite(value) ? value : 0))
        const received = await gather(encode(head), { length })
        expect(new Uint8Array(received.buffer, received.byteOffset, received.byteLength)).toEqual(
          new Uint8Array(head.buffer),
        )
      }),
    )
  })

  it('travels in views no larger than a frame', async () => {
    const large = new Uint8Array(150_000)
    const chunks: Uint8Array[] = []
    for await (const chunk of takeHead(header, chunksOf(large), Promise.resolve())) chunks.push(chunk)
    const [first, ...rest] = chunks
    expect(decodeHeadHeader(first!)).toEqual(header)
    // Frame, length and Yamux's header fit one message of Noise.
    expect(rest.map(view => view.length)).toEqual([61_440, 61_440, 27_120])
    expect(Math.max(...rest.map(view => view.length)) + 3 + 12).toBeLessThanOrEqual(65_519)
    expect(rest.every(view => view.buffer === large.buffer)).toBe(true)
  })

  it('waits until its header is admitted', async () => {
    const chunks = takeHead(header, [new Uint8Array(10)], Promise.reject(new Rejection('DUPLICATE')))
    expect((await chunks.next()).done).toBe(false)
    await expect(chunks.next()).rejects.toThrow('DUPLICATE')
  })

  it.each([
    ['NaN', Number.NaN, 'NOT_FINITE'],
    ['infinity', Infinity, 'NOT_FINITE'],
    ['minus infinity', -Infinity, 'NOT_FINITE'],
    ['a number beyond the norm limit', 101, 'NORM_TOO_LARGE'],
  ])('with %s anywhere is refused', async (_, value, reason) => {
    for (const index of [0, 7, layout.size - 1]) {
      await expect(gather(payloadWith(index, value), { normLimit: 100 })).rejects.toEqual(
        new Rejection(reason as never),
      )
    }
  })

  it('with the largest finite numbers is not infinite', async () => {
    const largest = values.map(() => 3.4028234e38)
    expect(await gather(encode(largest))).toEqual(largest)
  })

  it('exactly at the norm limit is taken', async () => {
    const head = values.map((_, i) => (i === 2 ? 3 : i === 4 ? 4 : 0))
    expect(await gather(encode(head), { normLimit: 5 })).toEqual(head)
    await expect(gather(encode(head), { normLimit: 4.999 })).rejects.toThrow('NORM_TOO_LARGE')
  })

  it('is refused at its first bad chunk', async () => {
    let seen = 0
    async function* counted(): AsyncGenerator<Piece> {
      for await (const piece of pieces(payloadWith(0, Number.NaN), 8)) {
        seen += piece.bytes.length
        yield piece
      }
    }
    await expect(gatherHead(format, Infinity, createBuffers())(counted())).rejects.toThrow('NOT_FINITE')
    expect(seen).toBeLessThanOrEqual(format.header.length + 8)
  })

  it('gives its memory back when it is refused, and not when it is taken', async () => {
    const given: Uint8Array[] = []
    const buffers = { ...createBuffers(), give: (buffer: Uint8Array) => void given.push(buffer) }
    const through = (payload: Uint8Array): Promise<Float32Array> =>
      gatherHead(format, 100, buffers)(pieces(payload, 16))
    await through(encode(values))
    expect(given).toHaveLength(0)
    await expect(through(payloadWith(layout.size - 1, Number.NaN))).rejects.toThrow('NOT_FINITE')
    await expect(through(encode(values).subarray(0, -1))).rejects.toThrow('CUT_OFF')
    expect(given.map(({ length }) => length)).toEqual([format.payloadBytes, format.payloadBytes])
  })

  it('has no memory reserved before its first byte is here', async () => {
    // More than any machine can reserve: trying would be a RangeError.
    const boundless = { ...format, payloadBytes: 2 ** 52, arrivedBytes: 2 ** 52 }
    async function* refused(): AsyncGenerator<Piece> {
      yield* []
      throw new Rejection('NOT_A_NEIGHBOUR')
    }
    await expect(gatherHead(boundless, 1, createBuffers())(refused())).rejects.toThrow('NOT_A_NEIGHBOUR')
    await expect(gatherHead(boundless, 1, createBuffers())(pieces(new Uint8Array(1), 1))).rejects.toThrow(RangeError)
  })

  it('with another header, too long or too short is refused', async () => {
    const payload = encode(values)
    const other = payload.slice()
    other[12]! ^= 1
    await expect(gather(other)).rejects.toThrow('MALFORMED')
    await expect(gather(other, { length: 1 })).rejects.toThrow('MALFORMED')
    await expect(gather(new Uint8Array([...payload, 0]), { length: 1 })).rejects.toThrow('WRONG_SIZE')
    await expect(gather(payload.subarray(0, -1))).rejects.toThrow('CUT_OFF')
  })

  it('of hostile bytes only ever ends in a rejection', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2 * format.payloadBytes }), fc.nat(40), async (bytes, length) => {
        await expect(gather(bytes, { length: length + 1 })).rejects.toBeInstanceOf(Rejection)
      }),
    )
  })
})

describe('a header', () => {
  const { headerBytes } = handoverProtocol.limits

  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), fc.nat(0xffffffff), (round, step, payloadBytes) => {
        const sent = { ...header, round, step, payloadBytes }
        const bytes = HeadHeader.encode(sent)
        expect(bytes.length).toBeLessThanOrEqual(92)
        expect(decodeHeadHeader(bytes)).toEqual(sent)
      }),
    )
  })

  it('of hostile bytes is a header or a rejection', () => {
    const honest = HeadHeader.encode(header)
    const mutated = fc
      .tuple(fc.nat(honest.length - 1), fc.nat(255), fc.nat(honest.length))
      .map(([at, byte, length]) => honest.map((old, i) => (i === at ? byte : old)).subarray(0, length))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), bytes => {
        try {
          const decoded = decodeHeadHeader(bytes)
          expect(decoded.runId).toHaveLength(32)
          expect(decoded.layoutDigest).toHaveLength(32)
        } catch (error) {
          expect(error).toBeInstanceOf(Rejection)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('longer than any header is refused unread', () => {
    expect(() => decodeHeadHeader(new Uint8Array(headerBytes + 1))).toThrow('OVERSIZE_FRAME')
  })

  it('is checked before anything behind it passes', async () => {
    const passed: Piece[] = []
    async function* source(): AsyncGenerator<Piece> {
      const bytes = HeadHeader.encode(header)
      yield { frame: 0, bytes: bytes.subarray(0, 40), last: false }
      yield { frame: 0, bytes: bytes.subarray(40), last: true }
      yield { frame: 1, bytes: Uint8Array.of(1), last: true }
    }
    const pieces = source()
    expect(HeadHeader.encode(await headerOff(pieces))).toEqual(HeadHeader.encode(header))
    for await (const piece of pieces) passed.push(piece)
    expect(passed).toHaveLength(1)
  })
})
