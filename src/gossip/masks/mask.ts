import {
  createCipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import type { PeerIdStr } from '../peer-id.js'
import { presenceProtocol } from '../presence/protocol.js'

/*
 * Masks that cancel in a sum: of two peers one adds what the other takes off. After Bonawitz et al., "Practical Secure
 * Aggregation for Privacy-Preserving Machine Learning" (CCS 2017), section 4.
 */

/** One X25519 key, forgotten when what it was made for is over. */
export interface MaskKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** The secret that only the other peer and we know; undefined for a bad key, as one that makes every secret 0. */
  secretWith(publicKey: Uint8Array): Uint8Array | undefined
}

export function createMaskKey(): MaskKey {
  return maskKeyOf(generateKeyPairSync('x25519').privateKey)
}

/** What comes before the 32 bytes of an X25519 key in PKCS #8 (RFC 8410). */
const keyHeader = Buffer.from('302e020100300506032b656e04220420', 'hex')

/** The key of 32 bytes that others may know: in a simulation, which makes the same numbers again. */
export function seededMaskKey(seed: Uint8Array): MaskKey {
  return maskKeyOf(createPrivateKey({ key: Buffer.concat([keyHeader, seed]), format: 'der', type: 'pkcs8' }))
}

function maskKeyOf(privateKey: KeyObject): MaskKey {
  const publicKey = createPublicKey(privateKey)
  /** As many as presence remembers peers. */
  const known = new Map<string, Uint8Array | undefined>()
  function agreedWith(x: string): Uint8Array | undefined {
    try {
      const other = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' })
      return Uint8Array.from(diffieHellman({ privateKey, publicKey: other }))
    } catch (error) {
      // OpenSSL refuses a key that makes every secret 0.
      if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_') === true) return undefined
      throw error
    }
  }
  return {
    publicKey: Uint8Array.from(Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')),
    secretWith(other) {
      const x = Buffer.from(other).toString('base64url')
      if (!known.has(x)) {
        if (known.size >= presenceProtocol.limits.peers) known.clear()
        known.set(x, agreedWith(x))
      }
      return known.get(x)
    },
  }
}

/** Two peers, in whichever order. */
export type Pair = readonly [PeerIdStr, PeerIdStr]

/** Bytes that look random to a peer that does not know their secret, one after another. */
export interface Mask {
  next(bytes: number): Uint8Array
}

const zeros = new Uint8Array(1 << 18)

/**
 * The key of the mask of a secret in a group, 32 bytes: it gives away this mask and nothing else.
 *
 * @param group - the same secret gives another mask in another group
 * @param pair - whose mask it is: a peer that takes another's public key for its own would share that one's secrets with
 *   everybody, and of two masks that are the same one would be added and one taken off. Left out for one's own secret.
 */
export function keyOfMask(secret: Uint8Array, group: Uint8Array, pair?: Pair): Uint8Array {
  return keyFor('hearsay mask', secret, group, pair)
}

/** @param what - the same secret gives another key for another purpose */
export function keyFor(what: string, secret: Uint8Array, group: Uint8Array, pair: Pair | undefined): Uint8Array {
  const label = [what, ...[...(pair ?? [])].sort()].join(' ')
  return new Uint8Array(hkdfSync('sha256', secret, group, label, 32))
}

/** The mask of a key. */
export function maskWith(key: Uint8Array): Mask {
  const cipher = createCipheriv('aes-256-ctr', key, new Uint8Array(16))
  return {
    next: bytes => cipher.update(bytes <= zeros.length ? zeros.subarray(0, bytes) : new Uint8Array(bytes)),
  }
}

/** The first bytes of a mask. */
export function maskOf(secret: Uint8Array, group: Uint8Array, length: number, pair?: Pair): Uint8Array {
  return maskWith(keyOfMask(secret, group, pair)).next(length)
}

/** Does the first of a pair add its mask? The other takes it off. */
export function adds(self: PeerIdStr, other: PeerIdStr): boolean {
  return self < other
}
