/**
 * What peers measure along directions that each of them can make, as data: a byte each, published on a gossipsub topic of
 * their own. docs/one-byte.md has the whole protocol.
 */
export const logProtocol = {
  limits: {
    /** Of one peer in one round. */
    scalars: 4096,
    /** A record with the longest invitation, and 128 bytes of the rest. */
    messageBytes: 4096 + 2048 + 128,
    /** The longest token: see `inviteLimits`. */
    inviteBytes: 2048,
    /** Records a second that one author may have passed on, and how many at once: as many as it may make reports. */
    recordsPerSecond: 50,
    /** Authors whose records are kept; more, where more members are known. */
    authors: 1024,
    /** A record as its author signed it: names, numbers and signature take 230 bytes. */
    signedBytes: 4096 + 2048 + 128 + 256,
    /** A LogPart: some hundred records, of which a log has as many parts as it needs. */
    partBytes: 256 * 1024,
  },
  /** Peers from which the log is requested at once. */
  askedAtOnce: 4,
} as const

/** The gossipsub topic on which the peers of one run publish what they measure. */
export function logTopic(runId: Uint8Array): string {
  return `/hearsay/log/1.0.0/${Buffer.from(runId).toString('hex')}`
}
