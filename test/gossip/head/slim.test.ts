import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { slim, slimFrameBytes, unslim } from '../../../src/gossip/head/slim.js'
import { Rejection } from '../../../src/gossip/rejection.js'
import { chunkBytes, chunksOf, type Piece } from '../../../src/gossip/stream/frames.js'
import { random } from '../../../src/random.js'

/** Frames as they arrive, each cut into pieces of so many bytes. */
async function* arriving(frames: Iterable<Uint8Array>, length = slimFrameBytes): AsyncGenerator<Piece> {
  let frame = 1
  for (const bytes of frames) {
    for (let at = 0; at < bytes.length; at += length) {
      yield { frame, bytes: bytes.subarray(at, at + length), last: at + length >= bytes.length }
    }
    frame += 1
  }
}

async function unslimmed(frames: Iterable<Uint8Array>, payloadBytes: number, length?: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const { bytes, last } of unslim(payloadBytes)(arriving(frames, length))) {
    expect(last).toBe(true)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

/** As a trained layer has them: around 0, most of one size. */
function weights(count: number): Uint8Array {
  const { uniform } = random(1, 'weights')
  const values = Float32Array.from({ length: count }, () => 0.05 * (uniform() + uniform() + uniform() - 1.5))
  return new Uint8Array(values.buffer)
}

describe('slim', () => {
  it('brings back every bit, of any bytes in whatever pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ max: 2, maxLength: 300 })),
        fc.integer({ min: 1, max: 70 }),
        async (payload, length) => {
          const back = await unslimmed(slim(chunksOf(payload)), payload.length, length)
          expect(Buffer.compare(back, payload)).toBe(0)
        },
      ),
    )
    for (const extra of [-1, 0, 1, 5]) {
      const payload = weights(40_000).subarray(0, 2 * chunkBytes + extra)
      expect(Buffer.compare(await unslimmed(slim(chunksOf(payload)), payload.length), payload)).toBe(0)
    }
  })

  it('takes a seventh off weights, and adds two bytes to a frame of what it cannot', () => {
    const bytesOf = (payload: Uint8Array): number =>
      [...slim(chunksOf(payload))].reduce((sum, { length }) => sum + length, 0)
    const payload = weights(100_000)
    expect(bytesOf(payload) / payload.length).toBeLessThan(6 / 7)
    const { integer } = random(2, 'noise')
    const noise = Uint8Array.from({ length: chunkBytes }, () => integer(256))
    const [frame] = slim([noise])
    expect(frame!.length).toBe(slimFrameBytes)
  })

  it('of a stranger’s frames makes a chunk of the length that is due, or refuses them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 4 }),
        fc.nat(100),
        async (frames, payloadBytes) => {
          try {
            expect((await unslimmed(frames, payloadBytes)).length).toBeLessThanOrEqual(payloadBytes)
          } catch (error) {
            expect(error).toBeInstanceOf(Rejection)
            expect(['WRONG_SIZE', 'MALFORMED']).toContain((error as Rejection).reason)
          }
        },
      ),
      { numRuns: 1000 },
    )
  })

  const chunk = new Uint8Array(400)
  const framed = (lasts: Uint8Array): Uint8Array => {
    const length = new Uint8Array(2)
    new DataView(length.buffer).setUint16(0, lasts.length, true)
    return Buffer.concat([length, lasts, new Uint8Array(300)])
  }
  it.each([
    // A gigabyte's worth in a frame would be a thousandth of its size.
    ['MALFORMED', 'a bomb', framed(deflateRawSync(new Uint8Array(50_000_000)).subarray(0, 60_000))],
    ['MALFORMED', 'one number too many', framed(deflateRawSync(new Uint8Array(101)))],
    ['MALFORMED', 'one number too few', framed(deflateRawSync(new Uint8Array(99)))],
    ['MALFORMED', 'no DEFLATE', framed(Uint8Array.of(7, 255, 255))],
    ['WRONG_SIZE', 'too short a frame', [...slim([chunk])][0]!.subarray(0, -1)],
    ['WRONG_SIZE', 'too long a frame', Buffer.concat([...slim([chunk]), Uint8Array.of(0)])],
    ['WRONG_SIZE', 'one byte', Uint8Array.of(1)],
  ] as const)('refuses with %s %s', async (reason, _, frame) => {
    await expect(unslimmed([frame], chunk.length)).rejects.toEqual(new Rejection(reason))
  })

  it('reads what another encoder of DEFLATE has coded', async () => {
    expect(await unslimmed([framed(deflateRawSync(new Uint8Array(100).fill(7)))], chunk.length)).toEqual(
      Buffer.from(chunk.map((_, i) => (i % 4 === 3 ? 7 : 0))),
    )
  })

  it('refuses a frame behind the last, one above any, and one that is cut off', async () => {
    const [frame] = slim([chunk])
    await expect(unslimmed([frame!, frame!], chunk.length)).rejects.toEqual(new Rejection('WRONG_SIZE'))
    await expect(unslimmed([new Uint8Array(slimFrameBytes + 1)], 1e6)).rejects.toEqual(new Rejection('WRONG_SIZE'))
    const half = arriving([frame!], frame!.length - 1)
    const read = async (): Promise<void> => {
      const { value } = await half.next()
      for await (const _ of unslim(chunk.length)([value!] as unknown as AsyncIterable<Piece>))
        throw new Error('too early')
    }
    await expect(read()).rejects.toEqual(new Rejection('CUT_OFF'))
  })
})
