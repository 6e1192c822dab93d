/** Presence of a run's peers, as data. */
export const presenceProtocol = {
  limits: {
    /** About 200 bytes with the longest name, as many as its addresses have, and an invitation. */
    messageBytes: 4096,
    /** The longest token: see `inviteLimits`. */
    inviteBytes: 2048,
    /** Addresses of one peer: its networks' and a few relays'. */
    addresses: 8,
    /** A relayed WebSocket address with two peer ids and a long host name. */
    addressBytes: 160,
    /** Of what a peer says of its training: a day, which no round takes. */
    paceMs: 86_400_000,
    /** In UTF-16 code units; long enough for "St. Elisabeth Hospital, Radiology". */
    nameLength: 64,
    /** Peers remembered while the members are not known yet. */
    peers: 1024,
    /**
     * Reports a second that one author may have passed on, and how many at once. Every report is copied over the
     * whole mesh: one member with a loop must not be able to fill every peer's line. Above what tiny models need,
     * which finish a round in a few hundredths of a second.
     */
    reportsPerSecond: 50,
  },
  /** Time between two records of a peer that has nothing new to report. */
  beatMs: 5_000,
  /** Beats without a record after which a peer counts as gone. */
  missedBeats: 3,
  /** How soon a peer at a barrier repeats its presence: a gossipsub mesh takes about one heartbeat (1 s) to form. */
  repeatMs: 500,
  /**
   * Longest wait between two repeats, in units of the first. Every record is verified by all peers and passed on by
   * most: with a steady beat, peers that are slow to join because the machine is busy keep it busy with their repeats
   * (16 peers of one process: 5 s of records to get through after the last had joined).
   */
  repeatsApart: 8,
} as const

/** The gossipsub topic on which the peers of one run report. */
export function presenceTopic(runId: Uint8Array): string {
  return `/hearsay/presence/1.0.0/${Buffer.from(runId).toString('hex')}`
}
