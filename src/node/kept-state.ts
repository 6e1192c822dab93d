import type { Kept } from '../methods/index.js'
import type { KeptArrivals } from './membership/arrivals.js'
import type { NamedHead } from './roads/public-road.js'

/** A peer's state besides its model; a checkpoint holds both, so that a peer continues as if it had never left. */
export interface KeptState {
  /** The method's state. */
  readonly method: Kept
  /** Heads that other peers have published and the method uses. */
  readonly heads: readonly NamedHead[]
  /** Where peers come and go: when each came. Left out elsewhere. */
  readonly arrivals?: KeptArrivals | undefined
}
