import type { StreamDeadlines } from '../stream/deadlines.js'

/**
 * Sampling, as data; one stream a call:
 *
 *     caller → frame: SampleCall       to whom a head is to be handed, for which round, and the caller's view; closes its end
 *     called → frame: SampleAnswer     READY, or why not; closes its end
 *
 * A stream that is answered proves the called live, as a ping does, and no nonce is needed: nobody else can answer on it.
 */
export const samplingProtocol = {
  id: '/hearsay/sampling/1.0.0',
  limits: {
    /** Peers in a view: as many as presence remembers. */
    peers: 1025,
    /** Characters of a peer id: an Ed25519 key's are 52. */
    peerLength: 64,
    /** A view of so many peers. */
    frameBytes: 96 * 1024,
    streamsPerConnection: 4,
  },
  // A peer that does not answer in 5 s is replaced by the next of the order (arXiv 2302.13837).
  deadlines: { dialMs: 5_000, firstByteMs: 5_000, transferMs: 5_000, closeMs: 1_000 } satisfies StreamDeadlines,
} as const
