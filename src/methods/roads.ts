import type { Neighbourhood } from './neighbourhood.js'

/*
 * What a method knows of the network: two roads, each with the reason for it. A road carries one vector per exchange,
 * whose layout the method's plan declares. `node` builds them over libp2p, a test in memory.
 */

/** Why nothing of a neighbour is in a merge. */
export type AbsenceReason =
  | 'gone' // its connection is lost and it cannot be dialled
  | 'late' // it did not come before the exchange's deadline
  | 'elsewhere' // its peer is in another round, as it reports itself
  | 'refused' // it came, or was to come, and cannot be merged: see what was refused, by reason

export interface Absence {
  readonly peer: number
  readonly reason: AbsenceReason
}

/** Where in a run an exchange stands: which round, and which of the round's gossip steps. */
export interface Position {
  readonly round: number
  readonly step: number
}

/** What one exchange with the neighbours brought. */
export interface Swap {
  /** By number, as long as what was handed over. */
  readonly received: ReadonlyMap<number, Float32Array>
  /** Of which round each is, where they are not all of the exchange's own. */
  readonly rounds?: ReadonlyMap<number, number>
  readonly absent: readonly Absence[]
  /** Gives the memory of what was received back: it is merged, and nobody reads it again. */
  release(): void
}

/** To the neighbours, once per edge: for what only they need. */
export interface NeighbourRoad {
  /**
   * Hands `values` to every neighbour that the graph sends to and takes theirs. Ends when each neighbour's are here, its
   * peer is gone or elsewhere, or nobody is left who is worth waiting for: a peer that is missing costs its own share
   * and no more.
   *
   * `values` may be overwritten as soon as this resolves; handing over may then still go on, beside the next training.
   *
   * @throws the signal's reason
   */
  swap(position: Position, values: Float32Array, where: Neighbourhood, signal: AbortSignal): Promise<Swap>
}

/** What another peer has published. */
export interface Published {
  /** Its peer id. */
  readonly peer: string
  /** The round in which that peer made it. */
  readonly round: number
  /** On shared memory; nobody writes to it any more. */
  readonly head: Float32Array
}

/** The peers that were heard in a round, by number. */
export interface Hearing {
  readonly received: readonly number[]
  readonly absent: readonly Absence[]
}

/** To everybody: for what all peers of the run need. */
export interface PublicRoad {
  /**
   * Publishes `values` and waits until those of this round are here, of all who are there, not far behind and worth
   * waiting for.
   *
   * @throws the signal's reason
   */
  publish(round: number, values: Float32Array, where: Neighbourhood, signal: AbortSignal): Promise<Hearing>
  /**
   * The newest that is held of each other peer, in the order of their ids.
   *
   * @param upTo - nothing of later rounds, where peers go in step: a quick peer must not change what others compute.
   *   @default `round`
   */
  held(round: number, upTo?: number): readonly (Published & { readonly age: number })[]
  /** How many peers' are held. */
  readonly size: number
}

/** The roads of a run; which of them is there, the method's plan says. */
export interface Roads {
  readonly neighbours: NeighbourRoad
  readonly everybody: PublicRoad
}
