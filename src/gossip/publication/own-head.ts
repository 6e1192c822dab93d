import type { PeerId, PrivateKey } from '@libp2p/interface'
import { digestOf } from '../digest.js'
import type { Buffers } from '../head/buffers.js'
import { decodeHead, encodeHead } from '../head/payload.js'
import { type SignedMessage, signMessage } from '../pubsub/signed-message.js'
import { reasonOf } from '../rejection.js'
import type { StatePayload } from '../state/server.js'
import { encodePublished, type PublishedFormat } from './published-head.js'

/** Our own head as it is published. */
export interface OwnHead extends StatePayload {
  /** The message. */
  readonly data: Uint8Array
  /** The message with our signature, for newcomers; made when the first of them asks. */
  readonly signed: () => Promise<SignedMessage>
}

/** Why a head of ours is not published. */
export type OwnRefusal = 'NOT_FINITE' | 'NORM_TOO_LARGE'

export interface OwnHeadInit {
  readonly format: PublishedFormat
  readonly normLimit: number
  readonly buffers: Buffers
  readonly invite: Uint8Array | undefined
  readonly sumDigest: () => Uint8Array | undefined
  readonly privateKey: PrivateKey
  readonly self: PeerId
  readonly topic: string
}

/**
 * Encodes a head and checks it as everybody will: what others refuse counts against whoever passes it on, and that is
 * not to be our honest neighbours for a model of ours that diverged.
 */
export async function makeOwnHead(init: OwnHeadInit, round: number, head: Float32Array): Promise<OwnHead | OwnRefusal> {
  const { format, normLimit, buffers, invite, privateKey, self, topic } = init
  const bytes = await encodeHead(format.head, head, buffers)
  try {
    const seen = await decodeHead(format.head, normLimit, buffers, bytes)
    buffers.give(new Uint8Array(seen.buffer as ArrayBuffer))
  } catch (error) {
    const reason = reasonOf(error)
    if (reason === 'NOT_FINITE' || reason === 'NORM_TOO_LARGE') return reason
    throw error
  }
  const digest = await digestOf(bytes)
  const data = encodePublished(format, round, bytes, digest, { invite, sumDigest: init.sumDigest() })
  let signed: Promise<SignedMessage> | undefined
  return {
    bytes,
    digest,
    round,
    data,
    signed() {
      // Gossipsub does not give out what it has signed. Its sequence numbers too are nanoseconds, and grow.
      signed ??= signMessage(privateKey, self, topic, BigInt(Date.now()) * 1_000_000n, data)
      return signed
    },
  }
}
