import type { Neighbourhood } from './neighbourhood.js'

/*
 * What a method knows of the network: two roads, each with the reason for it. A road carries one vector per exchange,
 * whose layout the method's plan declares. `node` builds them over libp2p, a test in memory.
 */

/** Why a neighbour's vector is not in a merge. */
export type AbsenceReason =
  | 'gone' // its connection is lost and it cannot be dialled
  | 'late' // it did not come before the exchange's deadline
  | 'elsewhere' // its peer is in another round, as it reports itself
  | 'refused' // it came, or was to come, and cannot be merged: see what was refused, by reason
  | 'void' // with masks: it is part of a sum that cannot be had without another

export interface Absence {
  readonly peer: number
  readonly reason: AbsenceReason
}

/** Where in a run an exchange stands: which round, and which of the round's gossip steps. */
export interface Position {
  readonly round: number
  readonly step: number
}

/** With masks: what the heads of all neighbours come to, none of which is known. */
export interface HeadSum {
  /** Those that it is of. */
  readonly peers: readonly number[]
  /** What the row gives to all of them together. */
  readonly weight: number
  /** Their weighted mean. */
  readonly mean: Float32Array
}

/** What one exchange with the neighbours brought. */
export interface Swap {
  /** By number, as long as what was handed over. */
  readonly received: ReadonlyMap<number, Float32Array>
  /** The round of each, where not all are of the exchange's own round. */
  readonly rounds?: ReadonlyMap<number, number>
  readonly absent: readonly Absence[]
  /** Those that had nothing new, as this peer had: no head went either way. @default none */
  readonly still?: readonly number[]
  /**
   * With masks: the sum that came in place of the vectors, where the exchange is not void; and how many numbers of the own
   * vector were too large for it.
   */
  readonly masked?: { readonly sum: HeadSum | undefined; readonly clamped: number }
  /**
   * With CHOCO, where what was received are copies: that of the own vector, which takes its place in a merge, and how far
   * the own vector then goes. Whole: what travels beside a head too.
   */
  readonly copy?: { readonly values: Float32Array; readonly gamma: number }
  /**
   * Where what travels are updates of an anchor: what most have as that, which may be another than was given; and it with
   * what the others know of the own update, where they take it for one of theirs. What was received is the same of others.
   */
  readonly anchored?: { readonly anchor: Float32Array; readonly said: Float32Array | undefined }
  /** Returns the memory of the received vectors, and of what is `said`, which are merged and must not be read again. */
  release(): void
}

/** What one neighbour is told, by its number: a vector that is valid until the next call. */
export type Tell = (receiver: number) => Promise<Float32Array>

/** The road to the neighbours, once per edge: for what only they need. */
export interface NeighbourRoad {
  /**
   * Hands `values` to every neighbour that the graph sends to and takes theirs. Ends when each neighbour's vector is
   * here, its peer is gone or elsewhere, or no neighbour is left that is worth waiting for: a missing peer costs its
   * own share and no more.
   *
   * `values` may be overwritten as soon as this resolves; handing over may then still go on, beside the next training.
   *
   * @param tell - what each neighbour is told, as long as `values`; not called any more when this resolves. It goes
   *   neither with masks nor with memory. @default `values`
   * @param anchor - of a method that `needs.updates`: where all peers have begun. Only the way from there travels
   * @throws the signal's reason
   */
  swap(
    position: Position,
    values: Float32Array,
    where: Neighbourhood,
    signal: AbortSignal,
    tell?: Tell,
    anchor?: Float32Array,
  ): Promise<Swap>
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

/** The road to everybody: for what all peers of the run need. */
export interface PublicRoad {
  /**
   * Publishes `values` and waits for this round's vectors of all peers that are there, not far behind and worth waiting
   * for.
   *
   * @throws the signal's reason
   */
  publish(round: number, values: Float32Array, where: Neighbourhood, signal: AbortSignal): Promise<Hearing>
  /**
   * The newest vector that is held of each other peer, in the order of their ids.
   *
   * @param upTo - leaves out later rounds, where peers go in step: a quick peer must not change what others compute.
   *   @default `round`
   */
  held(round: number, upTo?: number): readonly (Published & { readonly age: number })[]
  /** The number of peers of which a vector is held. */
  readonly size: number
}

/** What one peer has measured in one round: a number for each of its directions, in their order. */
export interface Measured {
  /** Its peer id. */
  readonly peer: string
  readonly scalars: Float32Array
}

/** The shared part of the model as it was before a round: where the log begins. */
export interface Snapshot {
  readonly round: number
  readonly head: Float32Array
}

/**
 * The road of a few scalars of everybody in every round. They make a log that is the same set at all peers in the end,
 * whatever was lost or late; a model is a function of a snapshot and that set.
 */
export interface LogRoad {
  /** Where the log begins. Another one where the others' was taken over. */
  readonly snapshot: Snapshot
  /** The log begins with this snapshot from now on: what was measured before is forgotten. */
  beginWith(snapshot: Snapshot): void
  /** What is known to have been measured in a round, in the order of the peer ids. */
  measured(round: number): readonly Measured[]
  /** The first round of which something else is known than at the last call; infinite where there is none. */
  takeChanged(): number
  /**
   * Publishes what this peer has measured and waits for all peers that are there and worth waiting for. Then compares its
   * model with theirs: a peer whose model differs knows something else, and is asked for it.
   *
   * @param head - the model that this peer has measured
   * @throws the signal's reason
   */
  publish(
    round: number,
    scalars: Float32Array,
    head: Float32Array,
    where: Neighbourhood,
    signal: AbortSignal,
  ): Promise<Hearing>
  /**
   * After the last round: tells the others the model that this peer ends with, and waits until theirs is the same.
   *
   * @returns false when more became known instead, which changes the model: to be called again with that
   * @throws the signal's reason
   */
  settle(head: Float32Array, where: Neighbourhood, signal: AbortSignal): Promise<boolean>
  /** The log behind the snapshot, with its authors' signatures, for a peer that comes back. */
  kept(): Uint8Array
  recall(snapshot: Snapshot, kept: Uint8Array): void
}

/** What a peer whose participants are sampled has at the end of its training. */
export interface Passing {
  /** Its model as it is; it may be overwritten once the round has passed. */
  readonly head: Float32Array
  /** Has it trained it in this round? */
  readonly isTrained: boolean
}

/** What a round has come to at a peer whose participants are sampled. */
export interface Sampled {
  /** Of an aggregator: whose models it has averaged, by number, and how many peers have taken the mean. */
  readonly aggregated?: { readonly received: readonly number[]; readonly sentTo: number }
  /** The round that this peer comes to next: what the others do meanwhile is no business of its. */
  readonly next: number
  /** The aggregate that `next` begins with, as it is known here. Left out where there is none that is new. */
  readonly aggregate?: Float32Array
  /** Does this peer train in `next`? */
  readonly isSampled: boolean
}

/** The road of sampled participants: a few train in a round, and one of them all averages (docs/sampling.md). */
export interface SampleRoad {
  /** Does this peer train in a round that no aggregate came for: the first of a run? */
  begins(round: number): boolean
  /**
   * Hands on what this peer has trained in a round, does what it is asked to as an aggregator, and waits for the next
   * round that it has a part in, or that brings it a newer aggregate.
   *
   * @throws the signal's reason
   */
  pass(round: number, has: Passing, where: Neighbourhood, signal: AbortSignal): Promise<Sampled>
  /** What is known of the others, for a peer that comes back. */
  kept(): Uint8Array
  /** @throws RangeError for bytes that are none */
  recall(kept: Uint8Array): void
}

/** The roads of a run; the method's `road` determines which of them is there. */
export interface Roads {
  readonly neighbours: NeighbourRoad
  readonly everybody: PublicRoad
  readonly log: LogRoad
  readonly sample: SampleRoad
}
