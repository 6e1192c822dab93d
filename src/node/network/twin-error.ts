import type { PeerId } from '@libp2p/interface'
import { HearsayError } from '../../errors.js'
import type { Twin } from '../../gossip/index.js'

/** The remedy for a folder that runs twice. */
const remedy =
  'was the folder copied? Stop one of the two, or give the copy an identity of its own: remove its identity.key, and start it anew'

/** The error of a process that stops because another with its identity began earlier. */
export function twinError(peerId: PeerId, twin: Twin): HearsayError {
  return new HearsayError('RUN', `${twinText(peerId, twin)}; ${remedy}`)
}

/** One line for the process that continues. */
export function twinWarning(peerId: PeerId, twin: Twin): string {
  return `${twinText(peerId, twin)}, and must stop; ${remedy}`
}

function twinText(peerId: PeerId, { began }: Twin): string {
  // The time that another process reports may be no valid date.
  const since = began < 8.64e15 ? ` since ${new Date(began).toISOString()}` : ''
  return `identity.key: another process is this peer, ${peerId},${since} too`
}
