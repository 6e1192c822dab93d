import type { Multiaddr } from '@multiformats/multiaddr'
import type { Member } from './member.js'

/** How a peer gets into its run. */
export type Entry =
  /** Everybody is known and begins with the first round. */
  | { readonly kind: 'members'; readonly members: readonly Member[] }
  /**
   * Peers come and go. `round` is where it left off, and 0 for who is new. `hasBegun`: the others may be in the middle
   * of it; it then goes on where they are. Otherwise it waits until `minPeers` are there.
   */
  | {
      readonly kind: 'open'
      readonly round: number
      readonly hasBegun: boolean
      readonly minPeers: number
      /** Where others were once. */
      readonly remembered: readonly Multiaddr[]
      /** Where they are written down: exactly these may take part, and the graph counts on all of them. */
      readonly members?: readonly Member[]
    }
