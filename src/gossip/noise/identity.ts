import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { InvalidCryptoExchangeError, type PrivateKey, type PublicKey, UnexpectedPeerError } from '@libp2p/interface'
import { throwBug } from '../bug.js'
import { NoiseExtensions, NoiseHandshakePayload } from '../generated/noise.js'

/** What the other side has proved and said. */
export interface RemoteIdentity {
  readonly publicKey: PublicKey
  readonly streamMuxers: readonly string[]
}

/** What is signed (libp2p/specs, noise/README.md, "Static Key Authentication"). */
function signedBytes(staticKey: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('noise-libp2p-static-key:'), staticKey])
}

/**
 * The payload by which a side of the handshake proves that its static key of Noise belongs to its peer id.
 *
 * @param staticKey - the public one, 32 bytes
 * @param streamMuxers - that this side has, the preferred one first
 */
export async function encodeIdentity(
  privateKey: PrivateKey,
  staticKey: Uint8Array,
  streamMuxers: string[],
): Promise<Uint8Array> {
  return NoiseHandshakePayload.encode({
    identityKey: Uint8Array.from(publicKeyToProtobuf(privateKey.publicKey)),
    identitySig: Uint8Array.from(await privateKey.sign(signedBytes(staticKey))),
    extensions: NoiseExtensions.encode({ streamMuxers }),
  })
}

/**
 * Who the other side is.
 *
 * @param payload - as it came, decrypted
 * @param staticKey - the other side's, which the handshake has proved; undefined if it has not yet come
 * @param expected - who it must be, if that is known
 * @throws InvalidCryptoExchangeError if the payload is malformed or the signature wrong, UnexpectedPeerError if it is
 *   another peer than `expected`
 */
export async function verifyIdentity(
  payload: Uint8Array,
  staticKey: Uint8Array | undefined,
  expected: PublicKey | undefined,
): Promise<RemoteIdentity> {
  const { publicKey, signature, streamMuxers } = decodeIdentity(payload)
  if (expected?.equals(publicKey) === false) {
    throw new UnexpectedPeerError('The peer that answered is another than was expected')
  }
  if (staticKey === undefined || !(await publicKey.verify(signedBytes(staticKey), signature))) {
    throw new InvalidCryptoExchangeError('The peer did not prove its identity: its signature is wrong')
  }
  return { publicKey, streamMuxers }
}

function decodeIdentity(payload: Uint8Array): RemoteIdentity & { readonly signature: Uint8Array } {
  try {
    const { identityKey, identitySig, extensions } = NoiseHandshakePayload.decode(payload)
    const streamMuxers = extensions === undefined ? [] : NoiseExtensions.decode(extensions).streamMuxers
    return { publicKey: publicKeyFromProtobuf(identityKey), signature: identitySig, streamMuxers }
  } catch (error) {
    throwBug(error)
    throw new InvalidCryptoExchangeError('The payload of the handshake is malformed')
  }
}
