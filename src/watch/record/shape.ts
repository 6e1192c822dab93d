/*
 * A run as numbers to draw: what its events amount to. Plain data that JSON carries, so that a page has the same whether
 * it was made from a file or follows a run. Nothing here, nor in the files beside it, knows Node: it runs in a browser.
 */

/** One number of each peer, by its place among the members; null where there is none, or none that is finite. */
export type Column = readonly (number | null)[]

/** The numbers that every method's rounds have. */
export const columnNames = [
  /** Mean loss of the round's training steps. */
  'loss',
  /** Samples trained on. */
  'samples',
  'trainSeconds',
  /** For neighbours, over all gossip steps. */
  'waitSeconds',
  /** From the end of the last exchange to the end of the merge, by the clock of the event. */
  'mergeSeconds',
  /** From the merge to the test's result. */
  'evaluateSeconds',
  /** The whole round. */
  'roundSeconds',
  /** In the run's measure. */
  'accuracy',
  'testLoss',
  'localDistance',
] as const

export type ColumnName = (typeof columnNames)[number]

/** A head that should have come, or that came and was not believed. */
export interface Miss {
  /** Who did without it, by its place among the members. */
  readonly peer: number
  /** Whose it was. */
  readonly of: number
  readonly reason: string
}

/** The rule of `believe` has left out most heads for some rounds. */
export interface StrictnessHint {
  /** Whose rule, by its place among the members. */
  readonly peer: number
  /** What of `believe` would let more of them in. */
  readonly field: string
  /** How far those of the first rounds lay from the own one, in the field's unit; null where it is not finite. */
  readonly apart: number | null
}

/** How a peer came out of the final merge. */
export interface FinalRecord {
  /** By its place among the members. */
  readonly peer: number
  /** False where no other head has become part of its model. */
  readonly isMerged: boolean
  /** How many heads did not come, or were not believed. */
  readonly missed: number
}

/** One round of a run. Rows and columns are peers, by their places among the members. */
export interface RoundRecord {
  readonly round: number
  /** When its last event was, in milliseconds since 1970; null where its events have no time. */
  readonly untilMs: number | null
  readonly columns: Readonly<Record<ColumnName, Column>>
  /** What stands beside the measure: macroF1, mae, …; and `before`, the measure before the merge. */
  readonly beside: Readonly<Record<string, Column>>
  /** What the method reports, by name. */
  readonly figures: Readonly<Record<string, Column>>
  /** What the method reports of peers, by name: row i is what peer i reports; null for a peer that reported nothing. */
  readonly matrices: Readonly<Record<string, readonly (Column | null)[]>>
  /** Heads that were received: from, to, from, to, … */
  readonly edges: readonly number[]
  readonly absent: readonly Miss[]
  readonly refused: readonly Miss[]
  readonly tooStrict: readonly StrictnessHint[]
  /** Peers that exchanged nothing in it, by the run's schedule. */
  readonly silent: readonly number[]
  /** Of the last round of a run with a final merge. */
  readonly finals: readonly FinalRecord[]
  /** Peers that went on from here in another round. */
  readonly caughtUp: readonly { readonly peer: number; readonly to: number }[]
  /** Peers that were killed in this round. */
  readonly failed: readonly number[]
  /** The figures over all peers; null where there are none, as in the field. */
  readonly whole: WholeRound | null
}

/** A round's figures over all peers of a simulation. */
export interface WholeRound {
  readonly peers: number
  readonly mean: number | null
  readonly min: number | null
  readonly max: number | null
  /** Accuracy of the averaged model. */
  readonly ofMean: number | null
  readonly loss: number | null
  readonly consensusDistance: number | null
  readonly absent: number
  /** How many peers had no exchange in it, by the run's schedule. */
  readonly silent: number
  /** By all peers, since the run began. */
  readonly sentBytes: number
  /** Since the first round began. */
  readonly seconds: number
}

export interface MemberRecord {
  readonly peer: string
  readonly name: string
  /** Number of the round from which on it takes part no more. */
  readonly goneSince: number | null
  /** In a simulation: how it attacks the others. Left out of honest ones. */
  readonly attack?: string
}

/** What tests of several peers have. */
export interface TestedColumns {
  /** In the run's measure. */
  readonly accuracy: Column
  /** What stands beside the measure: macroF1, mae, … */
  readonly beside: Readonly<Record<string, Column>>
}

export interface RunRecord {
  /** The run's id in hex, where an event has named it. */
  readonly run: string | null
  /** In the order in which events named them. */
  readonly members: readonly MemberRecord[]
  /** By number; those of which nothing is known are left out. */
  readonly rounds: readonly RoundRecord[]
  readonly baselines: {
    /**
     * Tests by round, and in it by peer. Only rounds that all peers' baselines have: of an interrupted run some have
     * more, and a mean over those that happen to have a round is comparable to none.
     */
    readonly localOnly: readonly (TestedColumns & { readonly round: number })[]
    /** After the last round, by peer; null where a baseline has not reached it: half-trained, it is no baseline. */
    readonly alone: TestedColumns
    readonly centralised: readonly {
      readonly round: number
      readonly accuracy: number | null
      /** What stands beside the measure, by name. */
      readonly beside: Readonly<Record<string, number | null>>
    }[]
  }
  /** Milliseconds since 1970, of the first and the last event. */
  readonly fromMs: number | null
  readonly untilMs: number | null
  /** Events that were not what their type says, and lines that were no event. */
  readonly malformed: number
}
