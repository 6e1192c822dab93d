import type { PeerId } from '@libp2p/interface'
import type { FieldInit } from '../../gossip/index.js'

/** Peers of the LAN that are dialled as they are found: as many as a gossipsub mesh has. */
const most = 8

/** Of who is found on the LAN, enough are dialled for a first word; presence tells of the others. */
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
      // Whoever is not there is found again, or another is.
      dial(peer).catch(() => dialled.delete(peer.toString()))
    },
  }
}
