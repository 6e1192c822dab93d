import type * as z from 'zod'

/** The manifest's section `believe`, checked: only its rule knows what else is in it. */
export interface RuleSection {
  readonly rule: string
  /** b: how many of the vectors at a peer may lie; of rules that have it. */
  readonly tolerate?: number
}

/**
 * Does pieces of work in order, `numbers` being how many numbers one goes over: whoever has other work to do meanwhile
 * does it between them, and many pieces are no long wait for anybody.
 */
export type InPieces = (count: number, numbers: number, work: (at: number) => void) => Promise<void>

/**
 * The vectors that a rule is asked about: the own one and those that came, sorted by peer, at places 0 to n − 1. It sees
 * their weights and how far they lie from each other, and no number of theirs.
 */
export interface Council {
  /** The place of the own vector. */
  readonly self: number
  /** w_ij of this exchange, by place: together 1. */
  readonly asked: readonly number[]
  /** ‖z_i − z_j‖ by place: 0 at `self`. */
  readonly near: readonly number[]
  /** ‖z_i‖. */
  readonly norm: number
  /**
   * ‖z_j − z_k‖² by both places, for rules that measure all pairs; empty for others. Behind the n vectors stands the
   * centre, for rules that keep one: the result of the last merge, or the own vector where there was none.
   */
  readonly squares: readonly (readonly number[])[]
  /** b: how many of the vectors may lie. */
  readonly liars: number
  /** t/T: how much of the run is over, from 0 to below 1. */
  readonly progress: number
  /** What was kept of τ of the same exchange of the last round; undefined where there was none above 0. */
  readonly bound: number | undefined
  /** ‖Δ_i‖: how far own training has moved the vector in this round; 0 for vectors beside the head. */
  readonly moved: number
  /** Loss on a few own samples with a vector in place of the own one; infinite where it is not a number. */
  lossOf(place: number): Promise<number>
  readonly inPieces: InPieces
}

/** A merge as a linear combination. */
export interface Weighing {
  /** By place, the centre's behind them; together 1. */
  readonly weights: readonly number[]
  /** τ, where the rule chose one. */
  readonly bound?: number
  /** Of a rule that believes whoever lies within a radius. */
  readonly radius?: Radius
}

/** A radius that a person sets in units of the own norm, and how far the others lie in these. */
export interface Radius {
  /** The field of the section. */
  readonly field: string
  /** ‖z_j − z_i‖ / ‖z_i‖ of each of the others. */
  readonly apart: readonly number[]
}

interface CommonRule<S extends RuleSection> {
  /** Only heads, by the loss with them: no other vector has one. @default any vectors */
  readonly judges?: 'heads'
  /** Does it merge by the weights of the mixing matrix, so that a head may count less by its age or as a newcomer's? @default false */
  readonly keepsWeights?: true
  /** As the manifest names it. */
  readonly name: S['rule']
  /** What it does, in one line: for docs/manifest.md and whoever explains fields. */
  readonly says: string
  readonly paper: { readonly title: string; readonly arxiv: string }
  /** The section as written; comes out settled. */
  readonly schema: z.ZodType<S>
  /**
   * The fewest vectors, the own one among them, with which it stands against so many liars.
   *
   * @param liars - as `tolerate` has it, less those that are refused already
   */
  needed(section: S, liars: number): number
}

/** A rule whose merge is a linear combination of the vectors, as all but the coordinate-wise ones are. */
export interface WeighingRule<S extends RuleSection = RuleSection> extends CommonRule<S> {
  /** Which distances it sees: those from the own vector, or those of all pairs. */
  readonly measures: 'near' | 'pairs'
  /** Is the result of the last merge one of its vectors? @default false */
  readonly keepsCentre?: boolean
  weigh(section: S, council: Council): Weighing | Promise<Weighing>
}

/** A rule that takes, of the numbers that the vectors have at each place, the mean of some ranks. */
export interface RankingRule<S extends RuleSection = RuleSection> extends CommonRule<S> {
  /** @returns the ranks [first, last) of `count` numbers, the lowest being rank 0 */
  ranks(section: S, count: number, liars: number): readonly [first: number, last: number]
}

/**
 * Whom to believe: a pure function of what came (ALGORITHMS-2.md 1). It knows no clock, no network and no state but what
 * it is handed.
 */
export type Rule<S extends RuleSection = RuleSection> = WeighingRule<S> | RankingRule<S>
