/** Adding up numbers that each peer keeps private, before the first round, as data. */
export const agreementProtocol = {
  limits: {
    /** The host's `publishLimitBytes`. */
    messageBytes: 256 * 1024,
    /** Masked numbers in one message. */
    partBytes: 128 * 1024,
    /** Messages of one author a second, and how many at once: the numbers of the widest table are 64 parts. */
    messagesPerSecond: 80,
    /** Seeds in one message: as many as presence remembers authors. */
    seeds: 1025,
  },
  /** After so long without an awaited statement the others go on without its author. */
  silenceMs: 30_000,
  /** Time before a peer repeats its statements; each further time is twice as long, */
  repeatMs: 500,
  /** up to so many times the first. */
  repeatsApart: 8,
} as const

/** The gossipsub topic on which peers of one run agree. */
export function agreementTopic(runId: Uint8Array): string {
  return `/hearsay/agreement/1.0.0/${Buffer.from(runId).toString('hex')}`
}
