import type { PeerId } from '@libp2p/interface'
import type { FieldInit } from '../../gossip/index.js'

/** Number of peers found on the LAN that are dialled: as many as a gossipsub mesh has. */
const most = 8

/** Dials a few of the peers found on the LAN; through them presence reports the others. */
export function lanContacts(
  runId: Uint8Array,
  dial: (peer: PeerId) => Promise<unknown>,
): NonNullable<FieldInit['lan']> {
  const dialled = new Set<string>()
  return {
    runId,
    onFound(peer) {
      if (dialled.size >= most && !dialled.has(peer.toString())) return
      dialled.add(peer.toString())
      // A peer that cannot be reached is found again, or another is.
      dial(peer).catch(() => dialled.delete(peer.toString()))
    },
  }
}
