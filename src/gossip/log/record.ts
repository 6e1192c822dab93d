import { orNothing } from '../bug.js'
import { LogRecord } from '../generated/log.js'
import { logProtocol } from './protocol.js'

const { limits } = logProtocol

/** Why a record of the log was not taken. */
export type LogRejection =
  | 'OVERSIZE' // longer than any record
  | 'MALFORMED' // not such a record, or a byte that is no number
  | 'WRONG_SIZE' // another number of scalars than every peer of the run measures in a round
  | 'NOT_A_MEMBER' // its author is not among the members
  | 'NOT_ADMITTED' // its author is not on the list, or shows no invitation that holds
  | 'FORGED' // not signed by the author that it names
  | 'FUTURE_ROUND' // a round that the run does not have
  | 'STALE_ROUND' // of a round that the snapshot has already
  | 'TOO_EARLY' // of a round that lies further ahead of the snapshot than the log reaches
  | 'DUPLICATE' // it is here, or two of its round by its author, which void each other
  | 'TOO_OFTEN' // more records a second than an honest author has
  | 'TOO_MANY_PEERS' // we keep the records of enough authors already

/** What a peer has measured in one round. */
export interface MeasuredRecord {
  /** The number of rounds of the run: the author's last word, without scalars. */
  readonly round: number
  /** A byte each. */
  readonly scalars: Uint8Array
  /** SHA-256 of the shared part of the author's model. */
  readonly model: Uint8Array
  /** By which sum its author sees its data; undefined in a run without one. */
  readonly sumDigest?: Uint8Array | undefined
  readonly invite?: Uint8Array | undefined
  /** Which of its author's last words it is, from 1 on: the latest is kept. 0 in any other record. @default 0 */
  readonly word?: number | undefined
}

/** What all records of a run have in common. */
export interface RecordFormat {
  /** Number of rounds of the run. */
  readonly rounds: number
  /** Scalars of one peer in one round. */
  readonly scalars: number
}

/** @throws RangeError for a longer invitation than others take */
export function encodeRecord({ round, scalars, model, sumDigest, invite, word = 0 }: MeasuredRecord): Uint8Array {
  if ((invite?.length ?? 0) > limits.inviteBytes) throw new RangeError(`An invitation of ${invite!.length} bytes`)
  return LogRecord.encode({
    round,
    scalars: Uint8Array.from(scalars),
    model: Uint8Array.from(model),
    invite: Uint8Array.from(invite ?? []),
    sumDigest: Uint8Array.from(sumDigest ?? []),
    word,
  })
}

/** Bytes of a record's message. */
export function recordBytes({ rounds, scalars }: RecordFormat): number {
  return encodeRecord({ round: rounds - 1, scalars: new Uint8Array(scalars), model: new Uint8Array(32) }).length
}

/** Minus zero, which no encoder writes: see codec/scalar-byte.ts. */
const minusZero = 0x80

/** Reads a record. Never throws, whatever the bytes. */
export function decodeRecord(
  bytes: Uint8Array,
  { rounds, scalars: count }: RecordFormat,
): MeasuredRecord | LogRejection {
  if (bytes.length > limits.messageBytes) return 'OVERSIZE'
  const record = orNothing(() => LogRecord.decode(bytes))
  if (record === undefined) return 'MALFORMED'
  const { round, scalars, model, invite, sumDigest, word } = record
  if (model.length !== 32 || invite.length > limits.inviteBytes) return 'MALFORMED'
  if (sumDigest.length !== 0 && sumDigest.length !== 32) return 'MALFORMED'
  if (round > rounds) return 'FUTURE_ROUND'
  if (scalars.length !== (round === rounds ? 0 : count)) return 'WRONG_SIZE'
  if (round < rounds && word !== 0) return 'MALFORMED'
  if (scalars.includes(minusZero)) return 'MALFORMED'
  return { round, scalars, model, invite, sumDigest: sumDigest.length === 0 ? undefined : sumDigest, word }
}

/** For these no honest peer would have passed a record on: it sees the same bytes and has the same manifest. */
const lies: ReadonlySet<LogRejection> = new Set(['OVERSIZE', 'MALFORMED', 'WRONG_SIZE', 'FUTURE_ROUND'])

/** Does it count against the peer that passed it on? */
export function isLie(reason: LogRejection): boolean {
  return lies.has(reason)
}
