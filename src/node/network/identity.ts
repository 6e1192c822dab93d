import { createHash } from 'node:crypto'
import { generateKeyPair, generateKeyPairFromSeed } from '@libp2p/crypto/keys'
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
export async function simulatedIdentities(seed: number, peers: number): Promise<Identity[]> {
  const identities = await Promise.all(
    Array.from({ length: peers }, async (_, index) => {
      const keySeed = createHash('sha256').update(`hearsay simulation ${seed}/${index}`).digest()
      return identityOf(await generateKeyPairFromSeed('Ed25519', keySeed))
    }),
  )
  return identities.sort((a, b) => (a.peerId.toString() < b.peerId.toString() ? -1 : 1))
}

/** The identity of a key. */
export function identityOf(privateKey: Ed25519PrivateKey): Identity {
  return { privateKey, peerId: peerIdFromPrivateKey(privateKey) }
}
