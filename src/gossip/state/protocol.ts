import type { StateRequest } from '../generated/state.js'
import type { StreamDeadlines } from '../stream/deadlines.js'
import type { Purpose } from '../traffic/traffic.js'

/**
 * Requests of newcomers, as data:
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
    /** Peers answered at once; a second request of such a peer, and one of a fifth peer, are answered TOO_BUSY. */
    askingPeers: 4,
    streamsPerConnection: 2,
  },
  deadlines: { dialMs: 10_000, firstByteMs: 5_000, transferMs: 60_000, closeMs: 1_000 } satisfies StreamDeadlines,
} as const

/** What the bytes of a request and of its answer are for. */
export const purposeOfRequest: Readonly<Record<StateRequest['what'], Purpose>> = {
  UNKNOWN: 'joining',
  MANIFEST: 'joining',
  VIEW: 'joining',
  AGREED: 'joining',
  HEAD: 'repair',
  EXPERTS: 'repair',
  EXPERT: 'repair',
  LOG: 'repair',
  // An announced head is pulled so, as everybody pulls it.
  PAYLOAD: 'heads',
}
