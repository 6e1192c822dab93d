import type { PeerId } from '@libp2p/interface'
import { createDeadline } from '../../deadline.js'
import { allocate } from '../../tensors/index.js'
import { copyInSlices } from '../../turns.js'
import type { AuthorVerdict } from '../access/authors.js'
import { digestOf } from '../digest.js'
import type { Buffers } from '../head/buffers.js'
import { decodeHead } from '../head/payload.js'
import type { PeerIdStr } from '../peer-id.js'
import { createRateLimit } from '../pubsub/rate-limit.js'
import { rawKeyOf, type SignedMessage } from '../pubsub/signed-message.js'
import { Rejection } from '../rejection.js'
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

export interface IntakeInit {
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
  /** Called for each head that is refused after its announcement was accepted. */
  readonly onRejected: (reason: PublicationRejection) => void
  /** Called with the size of each payload that was pulled. */
  readonly onPulled: (bytes: number) => void
}

/** What became of a message. */
export interface IntakeResult {
  /** Why it was refused. */
  readonly reason?: PublicationRejection
  /** No honest peer would have passed it on. */
  readonly isLie: boolean
  /** Resolves with whether the head is stored: at once, or when its payload was pulled. */
  readonly arrived: Promise<boolean>
}

/** Checks published heads and stores them, however their messages came. */
export interface Intake {
  /**
   * @param message - its signature was verified
   * @param from - the peer that passed it on
   * @param isAskedFor - this peer requested it; then the author's rate does not matter
   * @param stopped - ends pulling
   */
  receive(message: SignedMessage, from: PeerId, isAskedFor: boolean, stopped: AbortSignal): Promise<IntakeResult>
}

/** A head on its way into the store: what its message announces, and the place that is kept for it. */
interface Incoming extends HeadPosition, Pick<PublishedRecord, 'sumDigest'> {
  readonly signed: SignedMessage
  readonly claim: HeadClaim
}

const { limits } = publicationProtocol

/** Creates the intake of one peer. */
export function createIntake(init: IntakeInit): Intake {
  const { format, normLimit, buffers, store, pulls } = init
  const rate = createRateLimit(init.headsPerSecond, limits.authors)

  const refused = (reason: PublicationRejection, lie = isLie(reason)): IntakeResult => ({
    reason,
    isLie: lie,
    arrived: Promise.resolve(false),
  })

  /** The last checks, of the payload itself. */
  async function settle(
    { signed, claim, sumDigest, ...position }: Incoming,
    payload: Uint8Array,
    stopped: AbortSignal,
  ): Promise<PublicationRejection | undefined> {
    let arrived: Float32Array
    try {
      arrived = await decodeHead(format.head, normLimit, buffers, payload)
    } catch (error) {
      if (!(error instanceof Rejection)) throw error
      const { reason } = error
      return reason === 'NOT_FINITE' || reason === 'NORM_TOO_LARGE' || reason === 'MALFORMED' ? reason : 'WRONG_SIZE'
    }
    const values = allocate(format.head.layout)
    await copyInSlices(values, arrived)
    buffers.give(arrived)
    const { author } = signed
    const head = { ...position, author, signed, payload, values }
    if (!stopped.aborted && claim.deliver(head)) init.onHead(author.toString(), position.round, values, sumDigest)
    return undefined
  }

  async function pull(incoming: Incoming, from: PeerId, stopped: AbortSignal): Promise<boolean> {
    const { claim, signed, digest } = incoming
    const deadline = createDeadline(stopped, claim.signal)
    try {
      const payload = await pulls.pull({ author: signed.author, digest, from }, deadline.signal, claim.superseded)
      if (payload === undefined) {
        claim.release()
        if (!claim.superseded.aborted) init.onRejected('TIMEOUT')
        return false
      }
      init.onPulled(payload.length)
      const reason = await settle(incoming, payload, stopped)
      if (reason !== undefined) init.onRejected(reason)
      return reason === undefined
    } catch (error) {
      claim.release()
      // Stopped, or there is no place for this head any more.
      if (deadline.signal.aborted) return false
      throw error
    } finally {
      deadline.clear()
    }
  }

  return {
    async receive(message, from, isAskedFor, stopped) {
      const { author, sequence, signature } = message
      const name = author.toString()
      if (!init.isMember(name)) return refused('NOT_A_MEMBER')
      if (rawKeyOf(author) === undefined) return refused('MALFORMED')
      // Before any check that costs more. A flood is one only if its author itself sends it.
      const cost = Math.max(1, Math.ceil(message.data.length / limits.countedBytes))
      if (!isAskedFor && rate.isExceeded(name, cost)) return refused('TOO_OFTEN', from.equals(author))
      // A copy: the data is a view on all that came with it.
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
      const incoming = { ...position, sumDigest, signed, claim }
      if (payload === undefined) return { isLie: false, arrived: pull(incoming, from, stopped) }
      const reason = await settle(incoming, payload, stopped)
      return reason === undefined ? { isLie: false, arrived: Promise.resolve(true) } : refused(reason)
    },
  }
}
