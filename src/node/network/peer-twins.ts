import { createTwins, type HearsayHost } from '../../gossip/index.js'
import type { InTheField } from '../assembled-peer.js'
import type { Identity } from './identity.js'
import { twinError } from './twin-error.js'

export type PeerTwins = ReturnType<ReturnType<typeof createTwins>>

/** Looks out for other processes with a peer's identity. @param onEarlier - one of them began before this one */
export function peerTwins(
  { privateKey, peerId }: Identity,
  field: InTheField,
  node: HearsayHost,
  onEarlier: (error: ReturnType<typeof twinError>) => void,
): PeerTwins {
  return createTwins({
    privateKey,
    onTwin: twin => {
      if (twin.isOurs === 'earlier') field.onTwin?.(twin)
      else onEarlier(twinError(peerId, twin))
    },
  })({ node })
}
