import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey, PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'

export interface Person {
  readonly privateKey: Ed25519PrivateKey
  readonly peerId: PeerId
}

export async function person(): Promise<Person> {
  const privateKey = await generateKeyPair('Ed25519')
  return { privateKey, peerId: peerIdFromPrivateKey(privateKey) }
}
