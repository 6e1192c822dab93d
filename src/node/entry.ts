import type { Multiaddr } from '@multiformats/multiaddr'
import type { Member } from './membership/member.js'

/** How a peer gets into its run. */
export type Entry =
  /** Everybody is known, and all begin with the same round: the first, or where a run goes on. */
  | { readonly kind: 'members'; readonly members: readonly Member[]; readonly round?: number }
  /**
   * Peers come and go. `round` is where it left off, and 0 for who is new. It waits until `minPeers` are there, or
   * somebody who is under way. `hasBegun`: the others may be in the middle of it; it then goes on where they are.
   */
  | {
      readonly kind: 'open'
      readonly round: number
      /** Training samples that it has. */
      readonly samples: number
      readonly hasBegun: boolean
      readonly minPeers: number
      /** What was agreed on when it left, as its event `standardised` had it. */
      readonly agreed?: string | undefined
      /** Where others were once. */
      readonly remembered: readonly Multiaddr[]
      /** Where they are written down: exactly these may take part, and the graph counts on all of them. */
      readonly members?: readonly Member[]
    }
