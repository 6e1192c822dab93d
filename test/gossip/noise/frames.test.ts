import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createByteQueue } from '../../../src/gossip/noise/byte-queue.js'
import { createCipher } from '../../../src/gossip/noise/cipher.js'
import { createFrameReader, encryptFrames, maxFrameBytes, maxPlaintextBytes } from '../../../src/gossip/noise/frames.js'

const key = Uint8Array.from({ length: 32 }, (_, i) => i)

function patternOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 31 + (i >> 8))
}

function encrypt(plaintext: Uint8Array): Uint8Array {
  return encryptFrames(createCipher(key), [plaintext], plaintext.length)
}

/** Feeds a reader with bytes cut into pieces of these lengths, again and again. */
function decrypt(bytes: Uint8Array, lengths: readonly number[]): Uint8Array {
  const reader = createFrameReader(createCipher(key))
  const messages: Uint8Array[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = at + lengths[i % lengths.length]!
    reader.add(bytes.subarray(at, end))
    messages.push(...reader.decrypt())
    at = end
  }
  return Buffer.concat(messages)
}

describe('frames of Noise', () => {
  it('come out as they went in, however they were cut on the way', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 * maxFrameBytes }), cuts, (length, lengths) => {
        const plaintext = patternOf(length)
        expect(Buffer.compare(decrypt(encrypt(plaintext), lengths), plaintext)).toBe(0)
      }),
      { numRuns: 40 },
    )
  })

  it('are no longer than a message of Noise, and few', () => {
    for (const [plaintextBytes, frames] of [
      [1, 1],
      [maxPlaintextBytes, 1],
      [maxPlaintextBytes + 1, 2],
    ] as const) {
      expect(encrypt(patternOf(plaintextBytes)).length).toBe(plaintextBytes + frames * 18)
    }
    expect(Buffer.from(encrypt(patternOf(maxPlaintextBytes + 1))).readUInt16BE()).toBe(maxFrameBytes)
  })

  it('do not depend on the pieces in which they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), pieces => {
        const whole = Buffer.concat(pieces)
        expect(encryptFrames(createCipher(key), pieces, whole.length)).toEqual(encrypt(whole))
      }),
    )
  })

  it('are refused with any byte of them changed', () => {
    const sealed = encrypt(patternOf(50))
    for (let i = 0; i < sealed.length; i++) {
      const changed = Uint8Array.from(sealed)
      changed[i]! ^= 0x80
      // A length that is too long makes it wait for the rest, and is found out with what comes next.
      expect(() => decrypt(Buffer.concat([changed, new Uint8Array(2 ** 16)]), [7])).toThrow()
    }
  })

  it('are refused when they have no room for a tag', () => {
    for (const length of [0, 15]) {
      expect(() => decrypt(Buffer.from([0, length, ...new Uint8Array(length)]), [40])).toThrow(/no room/)
    }
  })

  it('may be empty', () => {
    const cipher = createCipher(key)
    const empty = new Uint8Array(18)
    empty[1] = 16
    cipher.seal([], empty, 2)
    const next = encryptFrames(cipher, [Uint8Array.of(5)], 1)
    expect([...decrypt(Buffer.concat([empty, next]), [3])]).toEqual([5])
  })

  it('cost no object a byte where they come byte by byte', () => {
    const queue = createByteQueue()
    for (let i = 0; i < 10_000; i++) queue.add(Uint8Array.of(i))
    const taken = queue.take(10_000)
    expect(queue.length).toBe(0)
    expect(taken.length).toBeLessThanOrEqual(64)
    expect(Buffer.concat(taken)).toEqual(Buffer.from(Uint8Array.from({ length: 10_000 }, (_, i) => i)))
  })
})
