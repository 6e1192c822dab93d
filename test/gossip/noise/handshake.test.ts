import { generateKeyPairSync } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { describe, expect, it } from 'vitest'
import { NoiseHandshakePayload } from '../../../src/gossip/generated/noise.js'
import { createHandshake, type Handshake, rawPublicKey } from '../../../src/gossip/noise/handshake.js'
import { encodeIdentity, verifyIdentity } from '../../../src/gossip/noise/identity.js'

const payloads = ['first', 'second', 'third'].map(text => Uint8Array.from(Buffer.from(text)))

function twoSides(): {
  readonly a: Handshake
  readonly b: Handshake
  readonly keys: readonly [Uint8Array, Uint8Array]
} {
  const [ours, theirs] = [generateKeyPairSync('x25519'), generateKeyPairSync('x25519')]
  const keys = [rawPublicKey(ours), rawPublicKey(theirs)] as const
  return { a: createHandshake(true, ours), b: createHandshake(false, theirs), keys }
}

/** Sends `payloads` forth and back. @param change - of message i on its way */
function shakeHands(a: Handshake, b: Handshake, change = (message: Uint8Array, _i: number) => message): Uint8Array[] {
  return payloads.map((payload, i) => {
    const [from, to] = i % 2 === 0 ? [a, b] : [b, a]
    return to.read(change(from.write(payload), i))
  })
}

describe('a handshake', () => {
  it('tells each side the other one’s static key, and makes ciphers that fit', () => {
    const { a, b, keys } = twoSides()
    expect(shakeHands(a, b).map(payload => [...payload])).toEqual(payloads.map(payload => [...payload]))
    expect([b.remoteStatic, a.remoteStatic].map(key => [...key!])).toEqual(keys.map(key => [...key]))
    const [ofA, ofB] = [a.split(), b.split()]
    for (const [sender, receiver] of [
      [ofA.sending, ofB.receiving],
      [ofB.sending, ofA.receiving],
    ] as const) {
      const out = new Uint8Array(payloads[0]!.length + 16)
      sender.seal([payloads[0]!], out, 0)
      expect(Buffer.concat(receiver.open([out.subarray(0, -16)], out.subarray(-16)))).toEqual(Buffer.from(payloads[0]!))
    }
  })

  it('shows no payload after the first message, nor a static key', () => {
    const { a, b, keys } = twoSides()
    const seen: Uint8Array[] = []
    shakeHands(a, b, message => {
      seen.push(message)
      return message
    })
    for (const [i, payload] of payloads.entries())
      expect(Buffer.from(seen[i]!).includes(Buffer.from(payload))).toBe(i === 0)
    for (const key of keys)
      for (const message of seen) expect(Buffer.from(message).includes(Buffer.from(key))).toBe(false)
  })

  it('fails when any byte of it was changed, at the latest with the next message', () => {
    for (const at of [0, 1, 2]) {
      const length = [37, 102, 69][at]!
      for (let byte = 0; byte < length; byte++) {
        const { a, b } = twoSides()
        const changed = (message: Uint8Array, i: number): Uint8Array => {
          if (i !== at) return message
          expect(message.length).toBe(length)
          const copy = Uint8Array.from(message)
          copy[byte]! ^= 1
          return copy
        }
        expect(() => shakeHands(a, b, changed)).toThrow()
      }
    }
  })

  it('fails when a message is cut off', () => {
    // The first message's payload, of which nothing depends yet, is not protected: only its key must be whole.
    for (const [at, lengths] of [
      [0, 31],
      [1, 31, 79, 101],
      [2, 47, 68],
    ].map(([at, ...rest]) => [at, rest] as const)) {
      for (const length of lengths) {
        const { a, b } = twoSides()
        const cut = (message: Uint8Array, i: number): Uint8Array => (i === at ? message.subarray(0, length) : message)
        expect(() => shakeHands(a, b, cut)).toThrow()
      }
    }
  })

  it('refuses keys of low order, with which everybody would know the secret', () => {
    for (const u of [0, 1]) {
      const lowOrder = new Uint8Array(32)
      lowOrder[0] = u
      const { b } = twoSides()
      b.read(lowOrder)
      expect(() => b.write(payloads[1]!)).toThrow()
    }
  })
})

describe('an identity', async () => {
  const [key, other] = [await generateKeyPair('Ed25519'), await generateKeyPair('Ed25519')]
  const staticKey = rawPublicKey(generateKeyPairSync('x25519'))
  const payload = await encodeIdentity(key, staticKey, ['/yamux/1.0.0'])

  it('is proved by its signature', async () => {
    const { publicKey, streamMuxers } = await verifyIdentity(payload, staticKey, key.publicKey)
    expect(publicKey.equals(key.publicKey)).toBe(true)
    expect(streamMuxers).toEqual(['/yamux/1.0.0'])
  })

  it('is of any kind of key that libp2p has', async () => {
    for (const type of ['RSA', 'secp256k1', 'ECDSA'] as const) {
      const signed = await encodeIdentity(await generateKeyPair(type), staticKey, [])
      expect((await verifyIdentity(signed, staticKey, undefined)).publicKey.type).toBe(type)
    }
  })

  it('must be the one that was expected', async () => {
    await expect(verifyIdentity(payload, staticKey, other.publicKey)).rejects.toThrow(/another/)
  })

  it('must have signed this static key', async () => {
    const forged = NoiseHandshakePayload.encode({
      ...NoiseHandshakePayload.decode(payload),
      identitySig: NoiseHandshakePayload.decode(await encodeIdentity(other, staticKey, [])).identitySig,
    })
    await expect(verifyIdentity(forged, staticKey, undefined)).rejects.toThrow(/signature/)
    const anotherStatic = rawPublicKey(generateKeyPairSync('x25519'))
    await expect(verifyIdentity(payload, anotherStatic, undefined)).rejects.toThrow(/signature/)
    await expect(verifyIdentity(payload, undefined, undefined)).rejects.toThrow(/signature/)
  })

  it('is refused when it is malformed', async () => {
    for (const bytes of [new Uint8Array(0), Uint8Array.of(255, 255), payload.subarray(0, 50)]) {
      await expect(verifyIdentity(bytes, staticKey, undefined)).rejects.toThrow(/malformed/)
    }
  })
})
