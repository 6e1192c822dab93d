import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Participant } from '../../methods/index.js'

/** One participant as the others know it. Its place in the list of members is its number in every graph and sum. */
export interface Member {
  readonly name: string
  readonly peerId: PeerId
  readonly addresses: readonly Multiaddr[]
  readonly newcomer?: NonNullable<Participant['newcomer']>
}
