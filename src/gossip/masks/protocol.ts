import type { StreamDeadlines } from '../stream/deadlines.js'

/**
 * Shares of masks, with `dropout: shares`, as data; one stream a message:
 *
 *     sender   → frame: MaskShares         its shares for the others, before or beside its head; closes its end
 *     receiver → frame: MaskAnswer         TAKEN; closes its end
 *
 *     receiver → frame: MaskShares         whose heads came, and what these have sealed for the asked one; closes its end
 *     sender   → frame: MaskAnswer         PARTS, once for a group; closes its end
 */
export const sharesProtocol = {
  id: '/hearsay/shares/1.0.0',
  limits: {
    /** 254 sealed shares of 48 bytes, as many parts of 32, and places. */
    frameBytes: 16 * 1024,
    streamsPerConnection: 4,
  },
  deadlines: { dialMs: 5_000, firstByteMs: 5_000, transferMs: 10_000, closeMs: 1_000 } satisfies StreamDeadlines,
} as const
