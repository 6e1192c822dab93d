import { equals } from 'uint8arrays/equals'
import { orNothing } from '../bug.js'
import { PublishedHead } from '../generated/publication.js'
import type { HeadFormat } from '../head/format.js'
import { publicationProtocol } from './protocol.js'

const { limits } = publicationProtocol

/** Why a published head was not taken. */
export type PublicationRejection =
  | 'OVERSIZE' // longer than any message
  | 'MALFORMED' // not such a record, or a payload where none may be, or none where one must
  | 'WRONG_LAYOUT' // other tensors than this run's head has, or in another encoding
  | 'WRONG_SIZE' // not the exact number of bytes that the layout implies
  | 'WRONG_DIGEST' // a payload of another digest than was announced
  | 'NOT_FINITE' // NaN or infinity among the numbers
  | 'NORM_TOO_LARGE' // Euclidean norm above the run's limit
  | 'NOT_A_MEMBER' // its author is not among the members
  | 'NOT_ADMITTED' // its author is not on the list, or shows no invitation that holds
  | 'FORGED' // not signed by the author that it names
  | 'FUTURE_ROUND' // a round that the run does not have
  | 'STALE_ROUND' // we have a later one of the same author
  | 'DUPLICATE' // we have this very head, or are about to
  | 'TOO_OFTEN' // more heads a second than an honest author has
  | 'TOO_MANY_PEERS' // we keep the heads of enough authors already
  | 'TIMEOUT' // announced, and no peer gave the payload in time

/** A published head: its payload, or the SHA-256 of an announced one. */
export type PublishedRecord = {
  readonly round: number
  readonly invite: Uint8Array
  /** By which sum its author sees its data; undefined in a run without one. */
  readonly sumDigest: Uint8Array | undefined
} & (
  | { readonly payload: Uint8Array; readonly digest?: undefined }
  | { readonly payload?: undefined; readonly digest: Uint8Array }
)

/** A message, decoded. `ok: false` has the reason why it was refused. */
export type DecodedHead =
  | { readonly ok: true; readonly record: PublishedRecord }
  | { readonly ok: false; readonly reason: PublicationRejection }

/** What all heads of a run have in common. */
export interface PublishedFormat {
  /** Number of rounds of the run; no honest peer publishes in a later one. */
  readonly rounds: number
  readonly head: HeadFormat
}

/** Does the payload travel in the message? A longer one is announced and pulled. */
function isInline({ payloadBytes }: HeadFormat): boolean {
  return payloadBytes <= limits.inlineBytes
}

/**
 * The message for a head. It repeats nothing of the manifest: gossipsub makes eight copies of it.
 *
 * @param digest - SHA-256 of the payload
 * @throws RangeError for a longer invitation than others take
 */
export function encodePublished(
  { head }: PublishedFormat,
  round: number,
  payload: Uint8Array,
  digest: Uint8Array,
  {
    invite = new Uint8Array(),
    sumDigest = new Uint8Array(),
  }: { readonly invite?: Uint8Array | undefined; readonly sumDigest?: Uint8Array | undefined } = {},
): Uint8Array {
  if (invite.length > limits.inviteBytes) throw new RangeError(`An invitation of ${invite.length} bytes is too long`)
  const isHere = isInline(head)
  return PublishedHead.encode({
    round,
    layoutDigest: head.layoutDigest,
    numbers: Uint8Array.from(isHere ? payload.subarray(head.header.length) : []),
    digest: Uint8Array.from(isHere ? [] : digest),
    invite: Uint8Array.from(invite),
    sumDigest: Uint8Array.from(sumDigest),
  })
}

/** Bytes of a published head: its message, and of one that is announced the payload that is then requested. */
export function publishedBytes(format: PublishedFormat): number {
  const { head, rounds } = format
  const payload = new Uint8Array(isInline(head) ? head.payloadBytes : 0)
  const message = encodePublished(format, rounds - 1, payload, new Uint8Array(head.layoutDigest.length))
  return message.length + head.payloadBytes - payload.length
}

/** Reads a message; its payload is not looked into. Never throws, whatever the bytes. */
export function decodePublished(bytes: Uint8Array, format: PublishedFormat): DecodedHead {
  const refused = (reason: PublicationRejection): DecodedHead => ({ ok: false, reason })
  if (bytes.length > limits.messageBytes) return refused('OVERSIZE')
  const message = orNothing(() => PublishedHead.decode(bytes))
  if (message === undefined) return refused('MALFORMED')
  const { round, layoutDigest, numbers, digest, invite } = message
  const { head, rounds } = format
  if (layoutDigest.length !== 32 || invite.length > limits.inviteBytes) return refused('MALFORMED')
  if (message.sumDigest.length !== 0 && message.sumDigest.length !== 32) return refused('MALFORMED')
  const sumDigest = message.sumDigest.length === 0 ? undefined : message.sumDigest
  // What is in the message follows from its length, so that no peer is made to request what could have been sent.
  if (isInline(head) ? digest.length > 0 : digest.length !== 32 || numbers.length > 0) return refused('MALFORMED')
  if (round >= rounds) return refused('FUTURE_ROUND')
  if (!equals(layoutDigest, head.layoutDigest)) return refused('WRONG_LAYOUT')
  if (!isInline(head)) return { ok: true, record: { round, digest, invite, sumDigest } }
  if (head.header.length + numbers.length !== head.payloadBytes) return refused('WRONG_SIZE')
  const payload = new Uint8Array(head.payloadBytes)
  payload.set(head.header)
  payload.set(numbers, head.header.length)
  return { ok: true, record: { round, payload, invite, sumDigest } }
}

/** For these no honest peer would have passed a message on: it sees the same bytes and has the same manifest. */
const lies: ReadonlySet<PublicationRejection> = new Set([
  'OVERSIZE',
  'MALFORMED',
  'WRONG_LAYOUT',
  'WRONG_SIZE',
  'NOT_FINITE',
  'NORM_TOO_LARGE',
])

/** Does it count against the peer that passed it on? */
export function isLie(reason: PublicationRejection): boolean {
  return lies.has(reason)
}
