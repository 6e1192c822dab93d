import type { Graph, MixingRow, Topology } from '../topology/index.js'

/** A participant of a run, as the others know it. */
export interface Participant {
  readonly name: string
  /** Its text is the peer id. */
  readonly peerId: { toString(): string }
}

/** The participants of a round, and those that this peer exchanges with. Numbers are places in `members`. */
export interface Neighbourhood<M extends Participant = Participant> {
  /** In the order of their peer ids, the same on every peer: sums run in that order. */
  readonly members: readonly M[]
  /** Numbers by peer id. */
  readonly numbers: ReadonlyMap<string, number>
  readonly self: number
  readonly topology: Topology
  readonly graph: Graph
  /** This peer's row of the mixing matrix. */
  readonly row: MixingRow
}
