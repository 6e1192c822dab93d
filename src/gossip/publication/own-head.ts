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
  /** The message with our signature, for newcomers; made at the first request. */
  readonly signed: () => Promise<SignedMessage>
}

/** Why a head of ours is not published. */
export type OwnRefusal = 'NOT_FINITE' | 'NORM_TOO_LARGE'

export interface OwnHeadsInit {
  readonly format: PublishedFormat
  readonly normLimit: number
  readonly buffers: Buffers
  readonly invite?: Uint8Array
  readonly sumDigest?: () => Uint8Array | undefined
  readonly privateKey: PrivateKey
  readonly self: PeerId
  readonly topic: string
}

/** Makes our own heads and keeps the latest. */
export interface OwnHeads {
  /**
   * Encodes a head and checks it as every other peer will: a refused head counts against the peers that pass it on, and
   * those must not be our honest neighbours when a model of ours diverges.
   */
  make(round: number, head: Float32Array): Promise<OwnHead | OwnRefusal>
  latest(): OwnHead | undefined
}

export function createOwnHeads(init: OwnHeadsInit): OwnHeads {
  const { format, normLimit, buffers, invite, privateKey, self, topic } = init
  let latest: OwnHead | undefined

  async function refusalOf(payload: Uint8Array): Promise<OwnRefusal | undefined> {
    try {
      const seen = await decodeHead(format.head, normLimit, buffers, payload)
      buffers.give(seen)
      return undefined
    } catch (error) {
      const reason = reasonOf(error)
      if (reason === 'NOT_FINITE' || reason === 'NORM_TOO_LARGE') return reason
      throw error
    }
  }

  return {
    async make(round, head) {
      const bytes = await encodeHead(format.head, head, buffers)
      const refusal = await refusalOf(bytes)
      if (refusal !== undefined) return refusal
      const digest = await digestOf(bytes)
      const data = encodePublished(format, round, bytes, digest, { invite, sumDigest: init.sumDigest?.() })
      let signed: Promise<SignedMessage> | undefined
      latest = {
        bytes,
        digest,
        round,
        data,
        signed() {
          // Gossipsub does not return what it has signed. Its sequence numbers too are nanoseconds, and grow.
          signed ??= signMessage(privateKey, self, topic, BigInt(Date.now()) * 1_000_000n, data)
          return signed
        },
      }
      return latest
    },
    latest: () => latest,
  }
}
