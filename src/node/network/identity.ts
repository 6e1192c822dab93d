import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { generateKeyPair, privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey, PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'

/** A peer's identity: an Ed25519 key, and the peer id that follows from it. */
export interface Identity {
  readonly privateKey: Ed25519PrivateKey
  readonly peerId: PeerId
}

/** A new, unique identity. */
export async function createIdentity(): Promise<Identity> {
  return identityOf(await generateKeyPair('Ed25519'))
}

/**
 * The identities of a simulation, from its seed and in the order of their peer ids. Every sum over peers runs in that
 * order, so the same seed must give the same order. Never for the field: anybody who knows the seed knows the keys.
 */
export function simulatedIdentities(seed: number, peers: number): Identity[] {
  const identities = Array.from({ length: peers }, (_, index) =>
    identityOf(keyFromSeed(createHash('sha256').update(`hearsay simulation ${seed}/${index}`).digest())),
  )
  return identities.sort((a, b) => (a.peerId.toString() < b.peerId.toString() ? -1 : 1))
}

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410, section 7). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * The key of 32 bytes. Node derives its public half in 0.1 ms; libp2p's `generateKeyPairFromSeed` does it in JavaScript,
 * in 2 ms, and takes 0.2 s for the first.
 */
export function keyFromSeed(seed: Uint8Array): Ed25519PrivateKey {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return privateKeyFromRaw(Buffer.concat([seed, Buffer.from(x!, 'base64url')])) as Ed25519PrivateKey
}

/** The identity of a key. */
export function identityOf(privateKey: Ed25519PrivateKey): Identity {
  return { privateKey, peerId: peerIdFromPrivateKey(privateKey) }
}
