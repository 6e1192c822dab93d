import type { PeerId } from '@libp2p/interface'
import { createDeadline } from '../../deadline.js'
import { allocate } from '../../tensors/index.js'
import { copyInSlices } from '../../turns.js'
import type { AuthorVerdict } from '../access/authors.js'
import { digestOf } from '../digest.js'
import type { Buffers } from '../head/buffers.js'
import { decodeHead } from '../head/payload.js'
import type { PeerIdStr } from '../peer-id.js'
import { createPace } from '../pubsub/rate-limit.js'
import { rawKeyOf, type SignedMessage } from '../pubsub/signed-message.js'
import { reasonOf } from '../rejection.js'
import type { HeadClaim, HeadPosition, HeadStore } from './head-store.js'
import { publicationProtocol } from './protocol.js'
import {
  decodePublished,
  isLie,
  type PublicationRejection,
  type PublishedFormat,
  type PublishedRecord,
} from './published-head.js'
import type { Pulls } from './pulls.js'

export interface TakingInit {
  readonly format: PublishedFormat
  readonly normLimit: number
  readonly buffers: Buffers
  readonly store: HeadStore
  readonly pulls: Pulls
  readonly headsPerSecond: number
  readonly admits: (author: PeerId, invite: Uint8Array) => AuthorVerdict | Promise<AuthorVerdict>
  readonly isMember: (author: PeerIdStr) => boolean
  /** See `PublicationInit`. */
  readonly onHead: (author: PeerIdStr, round: number, values: Float32Array, sumDigest: Uint8Array | undefined) => void
  /** Told of each head that is refused after its announcement was taken. */
  readonly onRejected: (reason: PublicationRejection) => void
  /** Told the size of each payload that was pulled. */
  readonly onPulled: (bytes: number) => void
}

/** What became of a message. */
export interface Taken {
  /** Why it was refused. */
  readonly reason?: PublicationRejection
  /** Nobody honest would have passed it on. */
  readonly isLie: boolean
  /** Resolves with whether the head is here: at once, or when it was pulled. */
  readonly arrived: Promise<boolean>
}

/** Takes heads that were published, however their messages came. */
export interface Taking {
  /**
   * @param message - its signature was verified
   * @param from - who passed it on
   * @param isAsked - we asked for it; then it never comes too often
   * @param stopped - ends pulling
   */
  take(message: SignedMessage, from: PeerId, isAsked: boolean, stopped: AbortSignal): Promise<Taken>
}

const { limits } = publicationProtocol

export function createTaking(init: TakingInit): Taking {
  const { format, normLimit, buffers, store, pulls } = init
  const pace = createPace(init.headsPerSecond, limits.authors)

  const refused = (reason: PublicationRejection, lie = isLie(reason)): Taken => ({
    reason,
    isLie: lie,
    arrived: Promise.resolve(false),
  })

  /** The last checks, of the payload itself. */
  async function settle(
    { sumDigest, ...position }: HeadPosition & Pick<PublishedRecord, 'sumDigest'>,
    payload: Uint8Array,
    signed: SignedMessage,
    claim: HeadClaim,
    stopped: AbortSignal,
  ): Promise<PublicationRejection | undefined> {
    let arrived: Float32Array
    try {
      arrived = await decodeHead(format.head, normLimit, buffers, payload)
    } catch (error) {
      const reason = reasonOf(error)
      return reason === 'NOT_FINITE' || reason === 'NORM_TOO_LARGE' || reason === 'MALFORMED' ? reason : 'WRONG_SIZE'
    }
    const values = allocate(format.head.layout)
    await copyInSlices(values, arrived)
    buffers.give(new Uint8Array(arrived.buffer as ArrayBuffer))
    const { author } = signed
    const head = { ...position, author, signed, payload, values }
    if (!stopped.aborted && claim.deliver(head)) init.onHead(author.toString(), position.round, values, sumDigest)
    return undefined
  }

  async function pull(
    position: Parameters<typeof settle>[0],
    signed: SignedMessage,
    from: PeerId,
    claim: HeadClaim,
    stopped: AbortSignal,
  ): Promise<boolean> {
    const deadline = createDeadline(stopped, claim.signal)
    try {
      const announced = { author: signed.author, digest: position.digest, from }
      const payload = await pulls.pull(announced, deadline.signal, claim.superseded)
      if (payload === undefined) {
        claim.release()
        if (!claim.superseded.aborted) init.onRejected('TIMEOUT')
        return false
      }
      init.onPulled(payload.length)
      const reason = await settle(position, payload, signed, claim, stopped)
      if (reason !== undefined) init.onRejected(reason)
      return reason === undefined
    } catch {
      // Stopped, or it lost its place.
      claim.release()
      return false
    } finally {
      deadline.clear()
    }
  }

  return {
    async take(message, from, isAsked, stopped) {
      const { author, sequence, signature } = message
      const name = author.toString()
      if (!init.isMember(name)) return refused('NOT_A_MEMBER')
      if (rawKeyOf(author) === undefined) return refused('MALFORMED')
      // Before anything that costs more than a look. A flood is one only from its author's own hands.
      const cost = Math.max(1, Math.ceil(message.data.length / limits.countedBytes))
      if (!isAsked && pace.isTooOften(name, cost)) return refused('TOO_OFTEN', from.equals(author))
      // A copy: what came is a view on all that came with it.
      const signed = { author, sequence, signature, data: new Uint8Array(message.data) }
      const decoded = decodePublished(signed.data, format)
      if (!decoded.ok) return refused(decoded.reason)
      const { record } = decoded
      const admitted = await init.admits(author, record.invite)
      if (admitted !== 'yes') return refused('NOT_ADMITTED', admitted === 'never')
      const { round, payload, sumDigest } = record
      const position = { round, sequence, digest: record.digest ?? (await digestOf(record.payload)) }
      const claim = store.claim(name, position)
      if (typeof claim === 'string') return refused(claim)
      const told = { ...position, sumDigest }
      if (payload === undefined) return { isLie: false, arrived: pull(told, signed, from, claim, stopped) }
      const reason = await settle(told, payload, signed, claim, stopped)
      return reason === undefined ? { isLie: false, arrived: Promise.resolve(true) } : refused(reason)
    },
  }
}
