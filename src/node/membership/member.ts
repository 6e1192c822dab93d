import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** One participant as the others know it. Its place in the list of members is its number in every graph and sum. */
export interface Member {
  readonly name: string
  readonly peerId: PeerId
  readonly addresses: readonly Multiaddr[]
}
