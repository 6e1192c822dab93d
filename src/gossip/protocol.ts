/** A peer id in its text form, as a key of maps. */
export type PeerIdStr = string

/** How long each phase of a handover may take, in milliseconds; `Infinity` for as long as it takes. */
export interface HandoverDeadlines {
  /**
   * Reaching the neighbour and agreeing on the protocol.
   * @default 5000: a working network needs a few round trips
   */
  readonly dialMs: number
  /**
   * From the opening of a stream to its whole header.
   * @default 5000: a stranger who opens streams and is silent holds each no longer than this
   */
  readonly firstByteMs: number
  /**
   * From the header to the answer.
   * @default 60000: 100 MB at 15 Mbit/s
   */
  readonly transferMs: number
  /** The other side closes its end of a finished stream, or it is reset. @default 1000 */
  readonly closeMs: number
}

/** How long each phase of asking for a peer's state may take, on either side, in milliseconds. */
export type StateDeadlines = HandoverDeadlines

/**
 * The handover of one head over one stream, as data:
 *
 *     sender    → frame: HeadHeader        what is to come; the receiver decides by it
 *     receiver  → frame: HandoverReply     CONTINUE
 *     sender    → frames: safetensors bytes in order, 1 to `frameBytes` each; then closes its end
 *     receiver  → frame: HandoverReply     ACCEPTED; then closes its end
 *
 * Instead of either reply the receiver may say at any moment why it does not want the head, and close its end.
 *
 * CONTINUE costs a round trip and is worth it: a head that nobody wants is never on the line, and libp2p 3 keeps what
 * arrives before a handler listens, unbounded but for resetting the stream above its buffer. A sender that just began
 * would reset itself on a fast line.
 *
 * A frame is its length as an unsigned varint, then that many bytes.
 */
export const handoverProtocol = {
  id: '/hearsay/handover/1.0.0',
  limits: {
    /** A HeadHeader takes 92 bytes at most; what is longer is none. */
    headerBytes: 128,
    /** Two bytes would do; the rest is room for later versions. */
    replyBytes: 32,
    /**
     * Largest frame. What a stranger's length prefix can claim is bounded by this; nothing is ever reserved for a
     * frame, its bytes are passed on as they come.
     */
    frameBytes: 64 * 1024,
    /** Streams one peer may have open to us. An honest sender needs one, two where it is a step ahead. */
    streamsPerPeer: 4,
    /** libp2p's own limit is per connection and resets without a word; it only has to be above ours. */
    streamsPerConnection: 8,
    /**
     * How often one head may be tried. An honest sender's second try follows a lost connection; without a bound, a
     * neighbour could send a head that is wrong in its last number again and again, and each time we would read it all.
     */
    attemptsPerHead: 4,
  },
  deadlines: { dialMs: 5_000, firstByteMs: 5_000, transferMs: 60_000, closeMs: 1_000 } satisfies HandoverDeadlines,
} as const

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
    /** In UTF-16 code units; long enough for "St. Elisabeth Hospital, Radiology". */
    nameLength: 64,
    /** Peers remembered while the members are not known yet. */
    peers: 1024,
    /**
     * Reports a second that one author may have passed on, and how many at once. Every report is copied over the
     * whole mesh: one member with a loop must not be able to fill everybody's line. Above what tiny models need,
     * which finish a round in a few hundredths of a second.
     */
    reportsPerSecond: 50,
  },
  /** How often a peer says that it is there, though it has nothing new to say. */
  beatMs: 5_000,
  /** After so many beats without a word a peer counts as gone. */
  missedBeats: 3,
  /** How soon a peer at a barrier repeats its presence: a gossipsub mesh takes about one heartbeat (1 s) to form. */
  repeatMs: 500,
  /**
   * Longest wait between two repeats, in units of the first. Every record is verified by everybody and passed on by
   * most: with a steady beat, peers that are slow to join because the machine is busy keep it busy with their repeats
   * (16 peers of one process: 5 s of records to get through after the last had joined).
   */
  repeatsApart: 8,
} as const

/** The gossipsub topic on which the peers of one run report. */
export function presenceTopic(runId: Uint8Array): string {
  return `/hearsay/presence/1.0.0/${Buffer.from(runId).toString('hex')}`
}

/**
 * What newcomers ask for, as data:
 *
 *     newcomer → frame: StateRequest      manifest or head; closes its end
 *     peer     → frame: StateHeader       HERE, or why not
 *     peer     → frames: the payload in order, 1 to `frameBytes` each; closes its end
 */
export const stateProtocol = {
  id: '/hearsay/state/1.0.0',
  limits: {
    /** Requests and headers take about 50 bytes. */
    firstFrameBytes: 128,
    frameBytes: 64 * 1024,
    /** A manifest with ten thousand edges, or columns. */
    manifestBytes: 512 * 1024,
    /** A thousand peers with the longest names. */
    viewBytes: 512 * 1024,
    /** A second question of the same peer while it is being answered, and a fifth peer, are told to come back. */
    askingPeers: 4,
    streamsPerConnection: 2,
  },
  deadlines: { dialMs: 10_000, firstByteMs: 5_000, transferMs: 60_000, closeMs: 1_000 } satisfies StateDeadlines,
} as const

/**
 * Heads that everybody of a run needs, as data. They are published on a gossipsub topic of their own; of one that is too
 * long for a message only the announcement is, and its payload is asked for over the state protocol.
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
    /** A longer message counts as one head for each so many bytes of it: one author fills at most 800 KB/s of a line. */
    countedBytes: 16 * 1024,
    /** Authors whose heads are kept; more, where more members are known. */
    authors: 1024,
    /** All that is kept together, in memory: of large heads, fewer authors'. A gigabyte. */
    storeBytes: 1024 * 1024 * 1024,
    /** Payloads that are asked for at once. */
    pulls: 4,
    /** Peers that are asked for one payload before it waits for its next turn. */
    sources: 8,
    /**
     * Answers broken off, or never begun, after which a peer is not asked for that payload again. One may be an accident;
     * who gives another payload is not asked a second time.
     */
    triesPerSource: 3,
    /** An ExpertList: 82 bytes for each author at most. */
    listBytes: 128 * 1024,
    /** A message as its author signed it: names, numbers and signature take 230 bytes. */
    signedBytes: 256 * 1024 + 1024,
  },
  deadlines: {
    /** From an announcement to its payload, however many peers are asked meanwhile. */
    pullMs: 120_000,
  },
  /** After so long all are asked again who did not have a payload yet or were busy; each further wait is twice as long, */
  retryMs: 250,
  /** up to so many times the first. */
  retriesApart: 16,
} as const

/** The gossipsub topic on which the peers of one run publish their heads. */
export function headsTopic(runId: Uint8Array): string {
  return `/hearsay/heads/1.0.0/${Buffer.from(runId).toString('hex')}`
}

/**
 * One identity at two processes, found out by whoever is connected to both. It opens a stream to each and passes on what
 * they say, each the same:
 *
 *     hello      8 bytes when it began (ms since 1970, big-endian), 16 bytes its process, 32 bytes nonce
 *     signature  64 bytes, Ed25519 by the identity, of "hearsay twin:" ‖ the other's hello ‖ the own hello
 */
export const twinProtocol = {
  id: '/hearsay/twin/1.0.0',
  limits: {
    helloBytes: 56,
    signatureBytes: 64,
    /** Processes told apart: who copies a folder more often has been told. */
    twins: 16,
    streamsPerConnection: 2,
  },
  deadlines: {
    /** From the opening of a stream to its end: four short messages, on machines that may be busy. */
    talkMs: 15_000,
  },
} as const
