import { generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto'
import {
  type ConnectionEncrypter,
  InvalidCryptoExchangeError,
  type MessageStream,
  type PrivateKey,
  type SecureConnectionOptions,
  type SecuredConnection,
  type StreamMuxerFactory,
  serviceCapabilities,
  type Upgrader,
} from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { lpStream } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'
import { encryptedStream } from './encrypted-stream.js'
import { createHandshake, rawPublicKey } from './handshake.js'
import { encodeIdentity, type RemoteIdentity, verifyIdentity } from './identity.js'

/** What a connection encrypter needs of its host. */
export interface NoiseComponents {
  readonly privateKey: PrivateKey
  readonly upgrader: Pick<Upgrader, 'getStreamMuxers'>
}

/**
 * Longest message of a handshake. An identity of RSA with 8192 bits and its signature take 2.2 KB, one of Ed25519
 * 0.1 KB; a stranger must not make us keep the 64 KiB that a message of Noise can have.
 */
export const maxHandshakeBytes = 8 * 1024

/**
 * The connection encrypter `/noise` of libp2p (libp2p/specs, noise/README.md): the same on the wire as
 * `@chainsafe/libp2p-noise`, whose streams are the limit of a fast connection. Both sides agree on the multiplexer
 * within the handshake, which saves a round trip.
 */
export function noise(): (components: NoiseComponents) => ConnectionEncrypter {
  return components => {
    const staticKeys = generateKeyPairSync('x25519')
    const secure =
      (isInitiator: boolean) =>
      (connection: MessageStream, options?: SecureConnectionOptions): Promise<SecuredConnection> =>
        secureConnection(components, staticKeys, isInitiator, connection, options)
    return Object.assign(
      { protocol: '/noise', secureOutbound: secure(true), secureInbound: secure(false) },
      { [serviceCapabilities]: ['@libp2p/connection-encryption'], [Symbol.toStringTag]: 'hearsay-noise' },
    )
  }
}

async function secureConnection(
  { privateKey, upgrader }: NoiseComponents,
  staticKeys: KeyPairKeyObjectResult,
  isInitiator: boolean,
  connection: MessageStream,
  options: SecureConnectionOptions = {},
): Promise<SecuredConnection> {
  const muxers =
    options.skipStreamMuxerNegotiation === true ? new Map<string, StreamMuxerFactory>() : upgrader.getStreamMuxers()
  const frames = lpStream(connection, { lengthEncoder, lengthDecoder, maxDataLength: maxHandshakeBytes })
  const handshake = createHandshake(isInitiator, staticKeys)
  const identity = await encodeIdentity(privateKey, rawPublicKey(staticKeys), [...muxers.keys()])

  const write = (payload: Uint8Array): Promise<void> => frames.write(handshake.write(payload), options)
  const read = async (): Promise<Uint8Array> => handshake.read((await frames.read(options)).subarray())
  const readIdentity = async (): Promise<RemoteIdentity> =>
    verifyIdentity(await read(), handshake.remoteStatic, options.remotePeer?.publicKey)

  let remote: RemoteIdentity
  if (isInitiator) {
    await write(new Uint8Array(0))
    // Before it says who it is, to whoever that is.
    remote = await readIdentity()
    await write(identity)
  } else {
    await read()
    await write(identity)
    remote = await readIdentity()
  }
  const { sending, receiving } = handshake.split()
  const streamMuxer = agreedMuxer(muxers, remote.streamMuxers, isInitiator)
  return {
    connection: encryptedStream(frames.unwrap(), sending, receiving),
    remotePeer: peerIdFromPublicKey(remote.publicKey),
    ...(streamMuxer === undefined ? {} : { streamMuxer }),
  }
}

/**
 * The initiator's first choice of what both have; undefined where one side agrees on it later.
 *
 * @throws InvalidCryptoExchangeError where they have none in common
 */
function agreedMuxer(
  ours: Map<string, StreamMuxerFactory>,
  theirs: readonly string[],
  isInitiator: boolean,
): StreamMuxerFactory | undefined {
  if (ours.size === 0 || theirs.length === 0) return undefined
  const name = isInitiator ? [...ours.keys()].find(name => theirs.includes(name)) : theirs.find(name => ours.has(name))
  if (name === undefined) throw new InvalidCryptoExchangeError('The peer has none of our multiplexers')
  return ours.get(name)
}

function lengthEncoder(length: number): Uint8Array {
  return Uint8Array.of(length >> 8, length & 0xff)
}

/** @throws RangeError while a byte is missing, as `lpStream` asks for */
function lengthDecoder(bytes: Uint8ArrayList): number {
  if (bytes.byteLength < 2) throw new RangeError('A length has two bytes')
  return bytes.getUint16(0)
}
