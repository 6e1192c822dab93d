import type { StreamDeadlines } from '../stream/deadlines.js'

/**
 * The handover of one head over one stream, as data:
 *
 *     sender    → frame: HeadHeader        what is to come; the receiver decides by it
 *     receiver  → frame: HandoverReply     CONTINUE
 *     sender    → frames: safetensors bytes in order, 1 to `frameBytes` each; then closes its end
 *     receiver  → frame: HandoverReply     ACCEPTED; then closes its end
 *
 * Instead of either reply the receiver may at any moment send the reason why it refuses the head, and close its end.
 *
 * CONTINUE costs a round trip and is worth it: a head that is refused is never on the line, and libp2p 3 keeps what
 * arrives before a handler listens, unbounded but for resetting the stream above its buffer. A sender that did not wait
 * would have its stream reset on a fast line.
 *
 * A frame is its length as an unsigned varint, then that many bytes.
 */
export const handoverProtocol = {
  id: '/hearsay/handover/1.0.0',
  limits: {
    /** A HeadHeader takes 160 bytes at most; what is longer is none. */
    headerBytes: 192,
    /** Two bytes would do; the rest is room for later versions. */
    replyBytes: 32,
    /**
     * Largest frame. What a stranger's length prefix can claim is bounded by this; nothing is ever reserved for a
     * frame, its bytes are passed on as they come.
     */
    frameBytes: 64 * 1024,
    /** Streams one peer may have open to us. An honest sender needs one, two where it is a step ahead. */
    streamsPerPeer: 4,
    /** libp2p's own limit is per connection and resets without a reason; it only has to be above ours. */
    streamsPerConnection: 8,
    /**
     * How often one head may be tried. An honest sender's second try follows a lost connection; without a bound, a
     * neighbour could send a head that is wrong in its last number again and again, and each time we would read it all.
     */
    attemptsPerHead: 4,
  },
  deadlines: { dialMs: 5_000, firstByteMs: 5_000, transferMs: 60_000, closeMs: 1_000 } satisfies StreamDeadlines,
} as const
