/**
 * Heads that every peer of a run needs, as data. They are published on a gossipsub topic of their own; of one that is
 * too long for a message only the announcement is, and its payload is requested over the state protocol.
 */
export const publicationProtocol = {
  limits: {
    /** The host's `publishLimitBytes`: gossipsub copies a message over its whole mesh. */
    messageBytes: 256 * 1024,
    /**
     * Payloads up to this are in the message, longer ones never: what is left of a message holds the longest invitation
     * and 256 bytes of the rest. By the payload's length alone, so that it is the same for all heads of a run.
     */
    inlineBytes: 256 * 1024 - 2048 - 256,
    /** The longest token: see `inviteLimits`. */
    inviteBytes: 2048,
    /**
     * Heads a second that one author may have passed on, and how many at once: as many as it may make reports, one of
     * each a round.
     */
    headsPerSecond: 50,
    /**
     * A longer message counts as one head for each so many bytes of it: one author fills at most 800 KB/s of a line.
     */
    countedBytes: 16 * 1024,
    /** Authors whose heads are kept; more, where more members are known. */
    authors: 1024,
    /** All that is kept together, in memory: of large heads, fewer authors'. A gigabyte. */
    storeBytes: 1024 * 1024 * 1024,
    /** Payloads that are requested at once. */
    pulls: 4,
    /** Peers from which one payload is requested before it waits for its next turn. */
    sources: 8,
    /**
     * Answers broken off, or never begun, after which that payload is not requested from a peer again. One may be an
     * accident; a peer that gives another payload gets no second request.
     */
    triesPerSource: 3,
    /** An ExpertList: 82 bytes for each author at most. */
    listBytes: 128 * 1024,
    /** A message as its author signed it: names, numbers and signature take 230 bytes. */
    signedBytes: 256 * 1024 + 1024,
  },
  deadlines: {
    /** From an announcement to its payload, however many requests that takes. */
    pullMs: 120_000,
  },
  /**
   * Time after which a request is repeated to peers that did not have a payload yet or were busy; each further wait is
   * twice as long,
   */
  retryMs: 250,
  /** up to so many times the first. */
  retriesApart: 16,
} as const

/** The gossipsub topic on which the peers of one run publish their heads. */
export function headsTopic(runId: Uint8Array): string {
  return `/hearsay/heads/1.0.0/${Buffer.from(runId).toString('hex')}`
}
