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

/** What is in a part; whatever is no record of any author is left out. */
export function decodePart(bytes: Uint8Array): PassedOn[] {
  if (bytes.length > limits.partBytes) return []
  const entries = orNothing(() => LogPart.decode(bytes).entries.map(entry => LogEntry.decode(entry))) ?? []
  return entries.flatMap(({ author: rawKey, message }) => {
    const author = authorOf(rawKey)
    return author === undefined || message.length > limits.signedBytes ? [] : [{ author, message }]
  })
}
