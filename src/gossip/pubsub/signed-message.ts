import { RPC } from '@chainsafe/libp2p-gossipsub/message'
import { publicKeyFromRaw, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { equals } from 'uint8arrays/equals'
import { orNothing } from '../bug.js'

/** In front of what is signed, by the pubsub specification. */
const signedPrefix = Buffer.from('libp2p-pubsub:')
const sequenceBytes = 8
const ed25519 = { keyBytes: 32, signatureBytes: 64 } as const

/** A gossipsub message of one author, as it signed it. */
export interface SignedMessage {
  readonly author: PeerId
  /** Grows with each message of the author. */
  readonly sequence: bigint
  readonly data: Uint8Array
  readonly signature: Uint8Array
}

/** An author's Ed25519 public key, 32 bytes; `undefined` for a key of another kind, which no peer of a run has. */
export function rawKeyOf(author: PeerId): Uint8Array | undefined {
  return author.type === 'Ed25519' ? author.publicKey.raw : undefined
}

/** The peer whose key it is; `undefined` for another length. */
export function authorOf(rawKey: Uint8Array): PeerId | undefined {
  return rawKey.length === ed25519.keyBytes ? peerIdFromPublicKey(publicKeyFromRaw(rawKey)) : undefined
}

function fieldsOf({ author, sequence, data }: Omit<SignedMessage, 'signature'>, topic: string): RPC.Message {
  const seqno = new Uint8Array(sequenceBytes)
  new DataView(seqno.buffer).setBigUint64(0, sequence)
  return { from: author.toMultihash().bytes, data, seqno, topic }
}

const signedBytesOf = (fields: RPC.Message): Uint8Array => Buffer.concat([signedPrefix, RPC.Message.encode(fields)])

/** Signs a message as gossipsub does when it publishes one. */
export async function signMessage(
  privateKey: PrivateKey,
  author: PeerId,
  topic: string,
  sequence: bigint,
  data: Uint8Array,
): Promise<SignedMessage> {
  const signature = await privateKey.sign(signedBytesOf(fieldsOf({ author, sequence, data }, topic)))
  return { author, sequence, data, signature: new Uint8Array(signature) }
}

/** The specification's `Message`, as it was on the mesh. The key is left out: it is in the author's peer id. */
export function encodeSigned(message: SignedMessage, topic: string): Uint8Array {
  return RPC.Message.encode({ ...fieldsOf(message, topic), signature: message.signature })
}

/**
 * Reads a message that another peer passes on, and believes it only if the author itself has signed it for this topic.
 * Gossipsub's own check is not exported by its package; this is the specification's, for Ed25519 keys.
 *
 * @param bytes - bounded by the caller
 * @returns `undefined` for anything else
 */
export async function readSigned(bytes: Uint8Array, author: PeerId, topic: string): Promise<SignedMessage | undefined> {
  const message = decodeSigned(bytes, author, topic)
  if (message === undefined || author.type !== 'Ed25519') return undefined
  const isTrue = await author.publicKey.verify(signedBytesOf(fieldsOf(message, topic)), message.signature)
  return isTrue ? message : undefined
}

/**
 * The same of bytes that this peer has kept itself: the signature is not verified.
 *
 * @returns `undefined` for anything that is no message of this author on this topic
 */
export function decodeSigned(bytes: Uint8Array, author: PeerId, topic: string): SignedMessage | undefined {
  if (author.type !== 'Ed25519') return undefined
  const message = orNothing(() => RPC.Message.decode(bytes))
  if (message === undefined) return undefined
  const { from, data, seqno, topic: about, signature, key } = message
  if (from === undefined || data === undefined || seqno?.length !== sequenceBytes) return undefined
  if (signature?.length !== ed25519.signatureBytes) return undefined
  if (about !== topic || !equals(from, author.toMultihash().bytes)) return undefined
  if (key !== undefined && !equals(key, publicKeyToProtobuf(author.publicKey))) return undefined
  const sequence = new DataView(seqno.buffer, seqno.byteOffset).getBigUint64(0)
  return { author, sequence, data: new Uint8Array(data), signature: new Uint8Array(signature) }
}
