import { createCipheriv, createHash, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync } from 'node:crypto'

/*
 * Masks that cancel in a sum: of two peers one adds what the other takes off. After Bonawitz et al., "Practical Secure
 * Aggregation for Privacy-Preserving Machine Learning" (CCS 2017), section 4, without the shares by which others could
 * unmask a member that is gone: here the others form a new group.
 */

/** One X25519 key, made for one agreement and forgotten with it. */
export interface MaskKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** The secret that only the other peer and we know; undefined for a bad key, as one that makes every secret 0. */
  secretWith(publicKey: Uint8Array): Uint8Array | undefined
}

export function createMaskKey(): MaskKey {
  const { privateKey, publicKey } = generateKeyPairSync('x25519')
  return {
    publicKey: Uint8Array.from(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')),
    secretWith(other) {
      const key = { kty: 'OKP', crv: 'X25519', x: Buffer.from(other).toString('base64url') }
      try {
        return Uint8Array.from(diffieHellman({ privateKey, publicKey: createPublicKey({ key, format: 'jwk' }) }))
      } catch (error) {
        // OpenSSL refuses a key that makes every secret 0.
        if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_') === true) return undefined
        throw error
      }
    },
  }
}

/**
 * As many bytes as are to be masked, which look random to a peer that does not know the secret.
 *
 * @param group - the same secret gives another mask in another group
 */
export function maskOf(secret: Uint8Array, group: Uint8Array, length: number): Uint8Array {
  const key = new Uint8Array(hkdfSync('sha256', secret, group, 'hearsay mask', 32))
  return createCipheriv('aes-256-ctr', key, new Uint8Array(16)).update(new Uint8Array(length))
}

/**
 * Adds numbers, or takes them off, in place: little-endian, each modulo 2 to the 8 times its width.
 *
 * @param widths - in bytes, of the numbers in turn; after the last, from the first again
 */
export function addModular(into: Uint8Array, other: Uint8Array, widths: readonly number[], sign: 1 | -1): void {
  let left = 0
  let number = 0
  let carry = 0
  for (let at = 0; at < into.length; at++) {
    if (left === 0) {
      left = widths[number++ % widths.length]!
      carry = 0
    }
    const sum = into[at]! + sign * other[at]! + carry
    into[at] = sum
    // −1 is what was borrowed.
    carry = sum >> 8
    left--
  }
}

export function sha256(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return Uint8Array.from(hash.digest())
}
