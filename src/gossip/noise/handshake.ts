import {
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  type KeyPairKeyObjectResult,
} from 'node:crypto'
import { type Cipher, createCipher, tagBytes } from './cipher.js'

/** 32 bytes: as long as a hash, so that it is the first hash itself (noiseprotocol.org/noise.html §5.2). */
const protocolName = 'Noise_XX_25519_ChaChaPoly_SHA256'

/** The pattern XX (§7.5), a line a message; the initiator sends the first. */
const pattern = [['e'], ['e', 'ee', 's', 'es'], ['s', 'se']] as const

const keyBytes = 32

/** One side of a handshake of three messages, which both sides write and read in turn. */
export interface Handshake {
  /** @returns the next message, with `payload` in it: in the second and third encrypted, and bound to all before */
  write(payload: Uint8Array): Uint8Array
  /**
   * Reads the next message.
   *
   * @returns its payload
   * @throws Error if it is cut off, was tampered with, or has a public key that is none
   */
  read(message: Uint8Array): Uint8Array
  /** The other side's static key, once a message with it was read. */
  readonly remoteStatic: Uint8Array | undefined
  /** What encrypts and decrypts everything after the third message. */
  split(): { readonly sending: Cipher; readonly receiving: Cipher }
}

/**
 * A Noise handshake XX with 25519, ChaCha20-Poly1305 and SHA-256, without prologue: HandshakeState and SymmetricState
 * of noiseprotocol.org/noise.html, §5.2 and §5.3, on Node's own cryptography.
 *
 * @param s - this side's static key pair
 */
export function createHandshake(isInitiator: boolean, s: KeyPairKeyObjectResult): Handshake {
  let e: KeyPairKeyObjectResult | undefined
  let rs: Uint8Array | undefined
  let re: Uint8Array | undefined
  let done = 0
  let cipher: Cipher | undefined
  let chainingKey: Uint8Array = Buffer.from(protocolName)
  let h = chainingKey
  // The prologue, of no bytes.
  mixHash(new Uint8Array(0))

  function mixHash(data: Uint8Array): void {
    h = createHash('sha256').update(h).update(data).digest()
  }

  function mixKey(ours: KeyPairKeyObjectResult | undefined, theirs: Uint8Array | undefined): void {
    if (ours === undefined || theirs === undefined) throw new Error('The pattern asks for a key that was not exchanged')
    const [next, key] = twoKeys(chainingKey, sharedSecret(ours.privateKey, theirs))
    chainingKey = next
    cipher = createCipher(key)
  }

  function encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const out = new Uint8Array(plaintext.length + (cipher === undefined ? 0 : tagBytes))
    if (cipher === undefined) out.set(plaintext)
    else cipher.seal([plaintext], out, 0, h)
    mixHash(out)
    return out
  }

  function decryptAndHash(ciphertext: Uint8Array): Uint8Array {
    const end = ciphertext.length - tagBytes
    const plaintext =
      cipher === undefined
        ? ciphertext
        : Buffer.concat(cipher.open([ciphertext.subarray(0, end)], ciphertext.subarray(end), h))
    mixHash(ciphertext)
    return plaintext
  }

  function mixShared(token: 'ee' | 'es' | 'se'): void {
    if (token === 'ee') mixKey(e, re)
    // The initiator's ephemeral with the responder's static, or the other way round.
    else if ((token === 'es') === isInitiator) mixKey(e, rs)
    else mixKey(s, re)
  }

  return {
    write(payload) {
      const parts: Uint8Array[] = []
      for (const token of pattern[done]!) {
        if (token === 'e') {
          e = generateKeyPairSync('x25519')
          const key = rawPublicKey(e)
          mixHash(key)
          parts.push(key)
        } else if (token === 's') parts.push(encryptAndHash(rawPublicKey(s)))
        else mixShared(token)
      }
      done += 1
      return Buffer.concat([...parts, encryptAndHash(payload)])
    },
    read(message) {
      let at = 0
      const next = (bytes: number): Uint8Array => {
        at += bytes
        if (at > message.length) throw new Error('A message of the handshake is cut off')
        return message.subarray(at - bytes, at)
      }
      for (const token of pattern[done]!) {
        if (token === 'e') {
          re = next(keyBytes)
          mixHash(re)
        } else if (token === 's') rs = decryptAndHash(next(keyBytes + tagBytes))
        else mixShared(token)
      }
      done += 1
      return decryptAndHash(next(message.length - at))
    },
    get remoteStatic() {
      return rs
    },
    split() {
      const [first, second] = twoKeys(chainingKey, new Uint8Array(0))
      const [sending, receiving] = isInitiator ? [first, second] : [second, first]
      return { sending: createCipher(sending), receiving: createCipher(receiving) }
    },
  }
}

/** HKDF of §4.3 with two outputs, which is that of RFC 5869 without info. */
function twoKeys(chainingKey: Uint8Array, input: Uint8Array): [Uint8Array, Uint8Array] {
  const both = new Uint8Array(hkdfSync('sha256', input, chainingKey, new Uint8Array(0), 2 * keyBytes))
  return [both.subarray(0, keyBytes), both.subarray(keyBytes)]
}

/** @throws Error for a public key of low order, with which the secret would be known to everybody: OpenSSL refuses it */
function sharedSecret(privateKey: KeyObject, remote: Uint8Array): Uint8Array {
  const x = Buffer.from(remote).toString('base64url')
  return diffieHellman({
    privateKey,
    publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' }),
  })
}

/** The 32 bytes of a public key, as Noise sends them. */
export function rawPublicKey({ publicKey }: KeyPairKeyObjectResult): Uint8Array {
  return Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')
}
