import { asCrypto, nodeCrypto } from '@chainsafe/libp2p-noise/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCipher, tagBytes } from '../../../src/gossip/noise/cipher.js'

const key = Uint8Array.from({ length: 32 }, (_, i) => i)
const additional = Uint8Array.of(1, 2, 3)

function seal(cipher: ReturnType<typeof createCipher>, plaintext: Uint8Array, ad?: Uint8Array): Uint8Array {
  const out = new Uint8Array(plaintext.length + tagBytes)
  expect(cipher.seal([plaintext], out, 0, ad)).toBe(out.length)
  return out
}

function open(cipher: ReturnType<typeof createCipher>, sealed: Uint8Array, ad?: Uint8Array): Uint8Array {
  return Buffer.concat(cipher.open([sealed.subarray(0, -tagBytes)], sealed.subarray(-tagBytes), ad))
}

/** The nonce of message `count`: 4 bytes of zero, then the count, little-endian. */
function nonceOf(count: bigint): Uint8Array {
  const nonce = Buffer.alloc(12)
  nonce.writeBigUInt64LE(count, 4)
  return nonce
}

describe('a cipher', () => {
  it("encrypts as @chainsafe/libp2p-noise's two do, message after message", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 2000 }), { maxLength: 5 }), messages => {
        const cipher = createCipher(key)
        for (const [i, message] of messages.entries()) {
          const sealed = seal(cipher, message, additional)
          for (const other of [asCrypto, nodeCrypto]) {
            const expected = other.chaCha20Poly1305Encrypt(message, nonceOf(BigInt(i)), additional, key)
            expect(Buffer.from(sealed)).toEqual(Buffer.from(expected.subarray()))
          }
        }
      }),
    )
  })

  it('counts over 32 bits', () => {
    const sealed = seal(createCipher(key, 2 ** 32 + 5), additional)
    const expected = nodeCrypto.chaCha20Poly1305Encrypt(additional, nonceOf(2n ** 32n + 5n), new Uint8Array(0), key)
    expect(Buffer.from(sealed)).toEqual(Buffer.from(expected.subarray()))
  })

  it('uses no nonce twice: it ends where it cannot count further', () => {
    const cipher = createCipher(key, Number.MAX_SAFE_INTEGER - 1)
    seal(cipher, additional)
    expect(() => seal(cipher, additional)).toThrow(/as many messages as it may/)
    expect(() => open(cipher, new Uint8Array(32))).toThrow(/as many messages as it may/)
  })

  it('puts pieces together and keeps them apart', () => {
    const [sending, receiving] = [createCipher(key), createCipher(key)]
    const out = new Uint8Array(6 + tagBytes)
    sending.seal([Uint8Array.of(1), Uint8Array.of(2, 3), Uint8Array.of(4, 5, 6)], out, 0)
    const pieces = receiving.open([out.subarray(0, 4), out.subarray(4, 6)], out.subarray(6))
    expect(pieces.map(piece => [...piece])).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ])
  })

  it('opens nothing that was changed, repeated or bound to something else', () => {
    const message = Uint8Array.of(1, 2, 3, 4)
    const sealed = seal(createCipher(key), message, additional)
    for (let i = 0; i < sealed.length; i++) {
      const changed = Uint8Array.from(sealed)
      changed[i]! ^= 1
      expect(() => open(createCipher(key), changed, additional)).toThrow()
    }
    expect(() => open(createCipher(key), sealed)).toThrow()
    const cipher = createCipher(key)
    expect([...open(cipher, sealed, additional)]).toEqual([...message])
    expect(() => open(cipher, sealed, additional)).toThrow()
  })
})
