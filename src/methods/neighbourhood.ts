import type { Graph, MixingRow, Topology } from '../topology/index.js'

/** A participant of a run, as the others know it. */
export interface Participant {
  readonly name: string
  /** Its text is the peer id. */
  readonly peerId: { toString(): string }
  /**
   * Set of one that came after this peer: its kin are what it may have in common with other newcomers, as a network or who
   * invited it. What it weighs grows with the rounds in which it was of use.
   */
  readonly newcomer?: { readonly kin: readonly string[] }
}

/** The participants of a round, and those that this peer exchanges with. Numbers are places in `members`. */
export interface Neighbourhood<M extends Participant = Participant> {
  /** In an order that is the same on every peer that sees the same: sums run in that order. */
  readonly members: readonly M[]
  /** Numbers by peer id. */
  readonly numbers: ReadonlyMap<string, number>
  readonly self: number
  readonly topology: Topology
  readonly graph: Graph
  /** This peer's row of the mixing matrix. */
  readonly row: MixingRow
}
