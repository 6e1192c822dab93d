import fc from 'fast-check'
import * as lengthPrefixed from 'it-length-prefixed'
import { describe, expect, it } from 'vitest'
import { Rejection } from '../../../src/gossip/rejection.js'
import { frame, type Piece, unframe, wholeFrames } from '../../../src/gossip/stream/frames.js'

const limits = { firstFrameBytes: 128, frameBytes: 1024 }

async function* cut(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const end = at + Math.max(1, lengths[i % lengths.length]!)
    yield bytes.subarray(at, end)
    at = end
  }
}

async function frames(source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const whole: Uint8Array[] = []
  let parts: Uint8Array[] = []
  for await (const piece of unframe(limits)(source)) {
    expect(piece.frame).toBe(whole.length)
    expect(piece.bytes.length).toBeGreaterThan(0)
    parts.push(piece.bytes)
    if (piece.last) {
      whole.push(new Uint8Array(Buffer.concat(parts)))
      parts = []
    }
  }
  return whole
}

async function reasonFor(bytes: Uint8Array, lengths = [bytes.length]): Promise<string> {
  const error = await frames(cut(bytes, lengths)).then(
    () => undefined,
    (error: unknown) => error,
  )
  return error instanceof Rejection ? error.reason : String(error)
}

const aFrame = fc.uint8Array({ minLength: 1, maxLength: 1024 })
const someFrames = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 128 }), fc.array(aFrame, { maxLength: 8 }))
  .map(([first, rest]) => [first, ...rest])
const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 })

describe('frames', () => {
  it('come out as they went in, however they were cut on the way', async () => {
    await fc.assert(
      fc.asyncProperty(someFrames, cuts, async (chunks, lengths) => {
        const sent: Uint8Array[] = []
        for await (const list of frame(chunks)) sent.push(list.subarray())
        expect(await frames(cut(Buffer.concat(sent), lengths))).toEqual(chunks.map(chunk => new Uint8Array(chunk)))
      }),
    )
  })

  it("are it-length-prefixed's", async () => {
    await fc.assert(
      fc.asyncProperty(someFrames, async chunks => {
        const ours: Uint8Array[] = []
        for await (const list of frame(chunks)) ours.push(list.subarray())
        expect(Buffer.concat(ours)).toEqual(Buffer.concat([...lengthPrefixed.encode(chunks)]))
      }),
    )
  })

  it('of a stranger end in frames or in a rejection, the same for every cut', async () => {
    const outcome = async (bytes: Uint8Array, lengths: number[]): Promise<unknown> => {
      try {
        return await frames(cut(bytes, lengths))
      } catch (error) {
        expect(error).toBeInstanceOf(Rejection)
        return (error as Rejection).reason
      }
    }
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), cuts, async (bytes, lengths) => {
        expect(await outcome(bytes, lengths)).toEqual(await outcome(bytes, [600]))
      }),
      { numRuns: 500 },
    )
  })

  it('above their limit are refused by the length alone', async () => {
    expect(await reasonFor(Uint8Array.of(0x81, 0x01))).toBe('OVERSIZE_FRAME') // 129 > 128, first frame
    expect(await reasonFor(Uint8Array.of(1, 7, 0x81, 0x08))).toBe('OVERSIZE_FRAME') // 1025 > 1024, second frame
    expect(await reasonFor(Uint8Array.of(1, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))).toBe('OVERSIZE_FRAME')
  })

  it('of length zero, or with a length that does not end, are malformed', async () => {
    expect(await reasonFor(Uint8Array.of(0))).toBe('MALFORMED')
    expect(await reasonFor(Uint8Array.of(0x81, 0x00))).toBe('MALFORMED')
    expect(await reasonFor(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80), [1])).toBe('MALFORMED')
  })

  it('that are not whole at the end are cut off', async () => {
    expect(await reasonFor(Uint8Array.of(3, 1, 2))).toBe('CUT_OFF')
    expect(await reasonFor(Uint8Array.of(0x80))).toBe('CUT_OFF')
  })
})

describe('wholeFrames', () => {
  const cutTo = async (bytes: Uint8Array): Promise<number[][]> => {
    const whole: number[][] = []
    for await (const bytesOf of wholeFrames(unframe(limits)(cut(bytes, [1])))) whole.push([...bytesOf])
    return whole
  }

  it('puts pieces together again', async () => {
    expect(await cutTo(Uint8Array.of(3, 1, 2, 3, 1, 4, 2, 5, 6))).toEqual([[1, 2, 3], [4], [5, 6]])
    expect(await cutTo(new Uint8Array(0))).toEqual([])
  })

  it('fails where the last one is not whole', async () => {
    await expect(cutTo(Uint8Array.of(3, 1, 2))).rejects.toThrow('CUT_OFF')
    async function* piece(): AsyncGenerator<Piece> {
      yield { frame: 0, bytes: Uint8Array.of(1), last: false }
    }
    await expect(wholeFrames(piece()).next()).rejects.toThrow('CUT_OFF')
  })
})
