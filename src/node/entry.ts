import type { Multiaddr } from '@multiformats/multiaddr'
import type { Member } from './membership/member.js'

/** How a peer enters its run. */
export type Entry =
  /** All members are known and begin with the same round: the first, or the one where a run is resumed. */
  | { readonly kind: 'members'; readonly members: readonly Member[]; readonly round?: number }
  /**
   * Peers come and go. `round` is where this peer left off, 0 for a new one. It waits until `minPeers` are live, or one
   * that is already in its rounds. `hasBegun`: the others may be in their rounds; this peer then continues at theirs.
   */
  | {
      readonly kind: 'open'
      readonly round: number
      /** See {@link PeerRunOptions}. */
      readonly reached: number
      /** Number of this peer's training samples. */
      readonly samples: number
      readonly hasBegun: boolean
      readonly minPeers: number
      /** The sum agreed on when this peer left, as its event `standardised` reported it. */
      readonly agreed?: string | undefined
      /** Former addresses of other peers. */
      readonly remembered: readonly Multiaddr[]
      /** The members of a fixed federation: only these may take part, and the graph contains all of them. */
      readonly members?: readonly Member[]
    }
