import type { PeerId } from '@libp2p/interface'
import { orNothing } from '../bug.js'
import { LogEntry, LogPart } from '../generated/log.js'
import { authorOf, encodeSigned, rawKeyOf } from '../pubsub/signed-message.js'
import { logProtocol } from './protocol.js'
import type { SignedRecord } from './records.js'

const { limits } = logProtocol

/** A record that a peer passes on; nothing of it has been checked. */
export interface PassedOn {
  readonly author: PeerId
  /** The message, as its author signed it. */
  readonly message: Uint8Array
}

/** As many of the records as a part may have, the first of them first. */
export function encodePart(records: readonly Pick<SignedRecord, 'signed'>[], topic: string): Uint8Array {
  const entries: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for (const { signed } of records) {
    const author = new Uint8Array(rawKeyOf(signed.author)!)
    const entry = LogEntry.encode({ author, message: Uint8Array.from(encodeSigned(signed, topic)) })
    bytes += entry.length + 5
    if (bytes > limits.partBytes) break
    entries.push(entry)
  }
  return LogPart.encode({ entries })
}

/** The entries of a part, none of which has been read; none where it is no part. */
export function decodePart(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length > limits.partBytes) return []
  return orNothing(() => LogPart.decode(bytes).entries) ?? []
}

/** @returns undefined for what is no record of any author */
export function decodeEntry(bytes: Uint8Array): PassedOn | undefined {
  const entry = orNothing(() => LogEntry.decode(bytes))
  const author = entry && authorOf(entry.author)
  if (entry === undefined || author === undefined || entry.message.length > limits.signedBytes) return undefined
  return { author, message: entry.message }
}
