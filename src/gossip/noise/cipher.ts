import { createCipheriv, createDecipheriv } from 'node:crypto'

/** Bytes that ChaCha20-Poly1305 adds to what it encrypts. */
export const tagBytes = 16

const algorithm = 'chacha20-poly1305'
const authenticated = { authTagLength: tagBytes }
const nothing = new Uint8Array(0)

/** One direction of a connection: a key and a count of messages, each of which is the nonce of one message only. */
export interface Cipher {
  /**
   * Encrypts one message into `out`, from `at` on: as many bytes as it has, and the tag.
   *
   * @param plaintext - the message in pieces, which spares its writer putting it together
   * @param additional - authenticated too, and known to both sides. @default nothing
   * @returns where the tag ends
   */
  seal(plaintext: Iterable<Uint8Array>, out: Uint8Array, at: number, additional?: Uint8Array): number
  /**
   * Decrypts one message, into memory of its own.
   *
   * @param ciphertext - in pieces, as they came
   * @returns the message in as many pieces
   * @throws Error if a byte or the order of messages was changed; the connection is then not to be trusted any more
   */
  open(ciphertext: readonly Uint8Array[], tag: Uint8Array, additional?: Uint8Array): Uint8Array[]
}

/**
 * The CipherState of Noise (noiseprotocol.org/noise.html §5.1) with ChaCha20-Poly1305 (§12.3).
 *
 * @param key - 32 bytes
 * @param sent - messages that were encrypted with the key before. @default 0
 */
export function createCipher(key: Uint8Array, sent = 0): Cipher {
  let count = sent
  const nonce = Buffer.alloc(12)

  // Counted before it is used: whatever fails, no nonce comes twice, which would give away both messages.
  function nextNonce(): Buffer {
    // Noise allows 2^64 - 1 messages. A number counts exactly to 2^53, half a million petabytes in frames of 64 KiB.
    if (count >= Number.MAX_SAFE_INTEGER) throw new Error('The key has encrypted as many messages as it may')
    nonce.writeUInt32LE(count % 2 ** 32, 4)
    nonce.writeUInt32LE(Math.floor(count / 2 ** 32), 8)
    count += 1
    return nonce
  }

  return {
    seal(plaintext, out, at, additional = nothing) {
      const cipher = createCipheriv(algorithm, key, nextNonce(), authenticated)
      cipher.setAAD(additional, { plaintextLength: 0 })
      let end = at
      for (const piece of plaintext) {
        out.set(cipher.update(piece), end)
        end += piece.length
      }
      cipher.final()
      out.set(cipher.getAuthTag(), end)
      return end + tagBytes
    },
    open(ciphertext, tag, additional = nothing) {
      const decipher = createDecipheriv(algorithm, key, nextNonce(), authenticated)
      decipher.setAAD(additional, { plaintextLength: 0 })
      decipher.setAuthTag(tag)
      const plaintext = ciphertext.map(piece => decipher.update(piece))
      // Throws unless the tag is right; before that, nothing of the message leaves this function.
      decipher.final()
      return plaintext
    },
  }
}
