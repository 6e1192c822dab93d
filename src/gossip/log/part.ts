import type { PeerId } from '@libp2p/interface'
import { orNothing } from '../bug.js'
import { LogEntry, LogPart } from '../generated/log.js'
import { authorOf, encodeSigned, rawKeyOf, type SignedMessage } from '../pubsub/signed-message.js'
import { logProtocol } from './protocol.js'
import type { SignedRecord } from './records.js'

const { limits } = logProtocol

/** A record that a peer passes on; nothing of it has been checked. */
export interface PassedOn {
  readonly author: PeerId
  /** The message, as its author signed it. */
  readonly message: Uint8Array
}

/** A record as it is passed on. */
export function encodeEntry(signed: SignedMessage, topic: string): Uint8Array<ArrayBuffer> {
  const author = new Uint8Array(rawKeyOf(signed.author)!)
  return Uint8Array.from(LogEntry.encode({ author, message: Uint8Array.from(encodeSigned(signed, topic)) }))
}

/** Tag and length of an entry in a part. */
const framingBytes = 5

/**
 * As many records as a part holds, the first first. What one author has said of one round is not parted: who requests the
 * next part names the last author and round of this one.
 *
 * @returns undefined where there is none
 */
export function encodePart(statements: Iterable<readonly SignedRecord[]>): Uint8Array | undefined {
  const entries: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for (const statement of statements) {
    for (const { entry } of statement) bytes += entry.length + framingBytes
    if (bytes > limits.partBytes) return LogPart.encode({ entries, more: true })
    entries.push(...statement.map(({ entry }) => entry))
  }
  return entries.length === 0 ? undefined : LogPart.encode({ entries, more: false })
}

/** All of them in one, for this peer's own disk. */
export function encodeWhole(records: readonly SignedRecord[]): Uint8Array {
  return LogPart.encode({ entries: records.map(({ entry }) => entry), more: false })
}

/**
 * The entries of a part, none of which has been read; none where it is no part.
 *
 * @param limitBytes - the longest that is read. @default the longest that peers send
 */
export function decodePart(bytes: Uint8Array, limitBytes: number = limits.partBytes): LogPart {
  const nothing = { entries: [], more: false }
  return bytes.length > limitBytes ? nothing : (orNothing(() => LogPart.decode(bytes)) ?? nothing)
}

/** @returns undefined for what is no record of any author */
export function decodeEntry(bytes: Uint8Array): PassedOn | undefined {
  const entry = orNothing(() => LogEntry.decode(bytes))
  const author = entry && authorOf(entry.author)
  if (entry === undefined || author === undefined || entry.message.length > limits.signedBytes) return undefined
  return { author, message: entry.message }
}
