/**
 * One identity at two processes, detected by a peer that is connected to both. It opens a stream to each and passes on
 * their messages, the same from each:
 *
 *     hello      8 bytes when it began (ms since 1970, big-endian), 16 bytes its process, 32 bytes nonce
 *     signature  64 bytes, Ed25519 by the identity, of "hearsay twin:" ‖ the other's hello ‖ the own hello
 */
export const twinProtocol = {
  id: '/hearsay/twin/1.0.0',
  limits: {
    helloBytes: 56,
    signatureBytes: 64,
    /** Processes distinguished: after that many the user has been warned often enough. */
    twins: 16,
    streamsPerConnection: 2,
  },
  deadlines: {
    /** From the opening of a stream to its end: four short messages, on machines that may be busy. */
    talkMs: 15_000,
  },
} as const
