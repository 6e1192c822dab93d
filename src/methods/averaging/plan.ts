import type { RuleSpec, TrainReport } from '../../learner/index.js'
import type { Pass } from '../../merge/index.js'
import type { Bundle, Layout } from '../../tensors/index.js'
import type { MixingRow } from '../../topology/index.js'
import type { Reported } from '../figures.js'
import type { Neighbourhood } from '../neighbourhood.js'

/** The head before local training, in memory that a rule may refer to. */
export interface HeadBefore {
  /** Where in the model it begins. */
  readonly start: number
  /** On shared memory; it stays as it is until the next round. */
  readonly values: Float32Array
}

/**
 * The state between local training and the exchange, where a method makes what it hands over beside the head. What it
 * writes to the head is handed over and merged.
 */
export interface AfterTraining {
  /** The head before local training, and as training has left it. */
  readonly before: Float32Array
  readonly head: Float32Array
  readonly trained: Pick<TrainReport, 'steps'>
  /** η of this round. */
  readonly learningRate: number
}

/** The state at the end of a round, behind its last merge. */
export interface AfterRound extends Omit<AfterTraining, 'head'> {
  /** The head as that merge has left it. The next round begins with what is written here. */
  readonly merged: Float32Array
}

/** The state after the merge of heads, where a method merges what came beside them. */
export interface AfterMerge<B extends string = string> {
  readonly where: Neighbourhood
  /** This round's weights. Those of neighbours that are not in `heard` return to oneself. */
  readonly row: MixingRow
  /** What came with the heads that were merged, by number; `own` is what this peer has handed over. */
  readonly heard: ReadonlyMap<number, Bundle<B | 'head'>>
  readonly own: Bundle<B | 'head'>
  /** What the others know of that: with CHOCO its copy, else all of it. */
  readonly known: Bundle<B | 'head'>
  /**
   * The average of a vector that came beside the heads: by their weights, or as the rule of `believe` will have it, which
   * is asked once an exchange about each vector.
   */
  average(out: Float32Array, vector: B): Promise<void>
}

/** The state before an exchange in which each neighbour is told something else. */
export interface BeforeTelling<B extends string = string> {
  readonly where: Neighbourhood
  /** What this peer has itself. */
  readonly own: Bundle<B | 'head'>
  /** What came in the exchange before and was merged, by number; it is in the checkpoint. */
  readonly last: ReadonlyMap<number, Bundle<B | 'head'>>
}

/** What a method makes of updates: of a way from where all peers began, of which a codec may have left a part. */
export interface Updates<K extends string = string> {
  /**
   * Called once a round, before the merge.
   *
   * @param came - the head as it was to be said, and what the others know of it
   */
  told(keeps: Bundle<K>, came: { readonly wanted: Float32Array; readonly said: Float32Array }): Promise<void>
  /**
   * In place of a weighted average.
   *
   * @param vectors - each the anchor with what one peer said, the own one among them, in the order of the peers
   */
  merge(anchor: Float32Array, vectors: readonly Float32Array[]): Promise<Pass>
}

/**
 * What a method adds to local training and weighted averages with the neighbours. Heads are merged by Hearsay, so that
 * what a peer believes is bounded whatever the method; the method sees what came beside those that were believed.
 */
export interface AveragingPlan<B extends string = string, K extends string = string> {
  /** Exchanges in a round; 0 for none. @default 1 */
  readonly steps?: number
  /** Chebyshev instead of plain gossip steps. @default false */
  readonly chebyshev?: boolean
  /** Vectors that are handed over beside the head. @default none */
  readonly beside?: Readonly<Record<B, Layout>>
  /**
   * Does what goes along pass from round to round by its averages, so that with CHOCO these go as far as γ lets them?
   * Else each average is of what was said in this round alone, and goes all the way.
   *
   * @default as the method's `needs.mean` has it
   */
  readonly passesOn?: boolean
  /** Vectors that a peer keeps from round to round, zeros at first. @default none */
  readonly keeps?: Readonly<Record<K, Layout>>
  /** This round's rules beside the settled ones, applied after them. @default nothing */
  rules?(keeps: Bundle<K>, head: HeadBefore): Promise<readonly RuleSpec[]>
  /**
   * Fills what is handed over beside the head, or makes of the trained head what is to be merged. Called once a round, and not where training was given up; with no step
   * trained where a budget of privacy is spent, which a peer that comes back may be from its first round on.
   */
  say?(beside: Bundle<B>, keeps: Bundle<K>, after: AfterTraining): Promise<void>
  /**
   * Says something else to each neighbour, for which what they said in the exchange before is kept. Called before every
   * exchange; it may write to what `own` has beside the head.
   *
   * @returns fills what a neighbour is told
   * @default all are told what `own` has
   */
  tell?(before: BeforeTelling<B>): (said: Bundle<B | 'head'>, receiver: number) => Promise<void>
  /**
   * This peer's weights in an exchange, which sum to 1, from all that came in it: called before the merge of heads. Those
   * of neighbours whose heads are not believed return to oneself.
   *
   * @default its row of the mixing matrix
   */
  weigh?(came: Pick<AfterMerge<B>, 'where' | 'heard' | 'own'>): MixingRow
  /** Of a method that `needs.updates`. */
  readonly updates?: Updates<K>
  /**
   * Merges what came beside the heads. Called after every exchange. `average` is asked wherever a run may have a rule of
   * whom to believe: what is made of `heard` otherwise goes round it.
   */
  merge?(keeps: Bundle<K>, after: AfterMerge<B>): Promise<void>
  /**
   * Learns from what the round has made of the head, or moves it once more: an outer step. Called once a round, after its
   * last merge, and not where training was given up.
   */
  end?(keeps: Bundle<K>, after: AfterRound): Promise<void>
  /** What the method reports of a round, after its last merge. The method's `reports` describes it to people. */
  report?(keeps: Bundle<K>): Reported
}
