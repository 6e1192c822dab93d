import type { Kept } from '../methods/index.js'
import type { NamedHead } from './roads/public-road.js'

/** All that a peer has beside its model, which a checkpoint must hold: with both it goes on as if it had never been away. */
export interface KeptState {
  /** Of its method. */
  readonly method: Kept
  /** What others have published and the method believes. */
  readonly heads: readonly NamedHead[]
}
