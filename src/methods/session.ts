import type { Quality, Samples } from '../data/index.js'
import type { Learner, LearnerPool, LocalPlan, PeerData, PoolModel, TrainReport } from '../learner/index.js'
import type { BeliefLimits, Repute, RuleSection, Staleness } from '../merge/index.js'
import type { HeadSection } from '../tensors/index.js'
import type { Reported } from './figures.js'
import type { Kept } from './kept.js'
import type { Neighbourhood } from './neighbourhood.js'
import type { ReputationUse } from './reputation-use.js'
import type { Absence } from './roads.js'

/** Why a head that came is not merged, or not used as an expert. */
export type Disbelief =
  | 'TOO_FAR' // from the own head, by what is usual: limits.headDistance
  | 'TOO_LONG' // its norm, or that of what came beside it, by what is usual: limits.headDistance
  | 'LOSS_TOO_HIGH' // with it the loss on own samples exploded: limits.lossIncrease
  | 'DIVERGED' // training diverged on what it was merged into, or with it as an expert
  | 'OUTVOTED' // the rule of `believe` left it without any weight
  | 'TOO_FEW' // fewer vectors were there than the rule of `believe` needs

/** A head that came and was left out of a round. */
export interface RefusedHead {
  readonly peer: number
  readonly name: string
  readonly reason: Disbelief
  /** Its distance, norm or loss as a multiple of the limit; infinite where it is not finite. */
  readonly times?: number
  /** The weight that it would have had, where it is outvoted. */
  readonly asked?: number
  /** How many vectors the rule needs, the own one among them, where there are too few. */
  readonly needed?: number
}

/** The rule of `believe` has refused most heads for some rounds: it may be too strict. */
export interface TooStrict {
  /** What of `believe` would let more of them in. */
  readonly field: string
  /** The median of how far the heads of the first rounds lay from the own one, in the field's unit. */
  readonly apart: number
}

/** A member of a round, with its name for people. */
export interface NumberedPeer {
  readonly peer: number
  readonly name: string
}

/** The quality of a round's result on the test set, and what its method reports of it. */
export interface Tested extends Quality, Reported {
  readonly loss: number
  /** The quality of what this peer has without the others in this round. */
  readonly before?: Quality
  /** In a simulation of the attack `backdoor`: the share of other classes' records that its trigger makes the first. */
  readonly backdoor?: number
}

/** What a method reports of a round as it happens. `node` adds the peer and the round. */
export type MethodEvent =
  | {
      readonly type: 'exchanged'
      /** Which of the round's gossip steps, from 0. */
      readonly step: number
      readonly received: readonly number[]
      readonly absent: readonly Absence[]
      /** See `Swap`. */
      readonly still?: readonly number[]
      readonly waitSeconds: number
    }
  | {
      /**
       * Follows the exchange that brought the heads: their weight returns to oneself, for the rest of the round where it
       * is not the rule of `believe` that left them out.
       */
      readonly type: 'refused'
      readonly step: number
      readonly heads: readonly RefusedHead[]
      /** Said once. */
      readonly tooStrict?: TooStrict
    }
  | {
      /** Neighbours whose reputation is bad: from the next round on their heads have no weight, for so many rounds. */
      readonly type: 'muted'
      readonly rounds: number
      readonly peers: readonly NumberedPeer[]
    }
  | {
      /** Those for whom these rounds are over: heard again, with a reputation that begins anew. */
      readonly type: 'unmuted'
      readonly peers: readonly NumberedPeer[]
    }
  | {
      /** Where participants are sampled: this peer was the round's aggregator. */
      readonly type: 'aggregated'
      /** Whose models it has averaged. */
      readonly received: readonly number[]
      /** How many peers have taken the mean. */
      readonly sentTo: number
    }
  | ({
      readonly type: 'merged'
      /**
       * Σ_j w_ij ‖x_i − x_j‖² over the heads of the last exchange: what a peer sees of the consensus distance. Left out
       * where there is none.
       */
      readonly localDistance?: number
    } & Reported)

/** All that a method gets of its peer: its learner, its model, its roads. No libp2p, no clock, no file. */
export interface SessionContext {
  /** The peer's name, in messages. */
  readonly name: string
  /** Its own id. */
  readonly peerId: string
  /** Decides the peer's random numbers, with the run's seed. */
  readonly number: number
  readonly seed: number
  /** Of the whole run. */
  readonly rounds: number
  readonly limits: BeliefLimits & { readonly lossIncrease: number }
  /** Whom to believe. @default everybody within `limits`, by their weights */
  readonly believe?: RuleSection | undefined
  /** What becomes of neighbours' reputation. @default there is none */
  readonly reputation?: ReputationUse | undefined
  /** May others come later, whom nobody knows, and whose heads are seen one by one? @default false */
  readonly isOpen?: boolean
  /** Nothing that is handed over may depend on own samples but through noise: no choice by their loss. */
  readonly isPrivate: boolean
  /** Of `mode: async`. */
  readonly staleness: Staleness | undefined
  /** Local training of a round. */
  readonly localPlan: (round: number) => LocalPlan
  readonly learner: Learner
  readonly pool: LearnerPool
  readonly model: PoolModel
  readonly data: PeerData
  /** The whole model. Local training and the merge both write here, in turn. */
  readonly parameters: Float32Array
  readonly head: HeadSection
  readonly test: Samples
  /** See `uninformedLoss`. */
  readonly uninformed: number
}

/** Where a round's exchange takes place. */
export interface Turn {
  readonly round: number
  readonly where: Neighbourhood
  /** The part of `parameters` that is shared; a merge writes here. */
  readonly head: Float32Array
}

/** What a peer's final merge has come to. */
export interface FinalMerge {
  /** Has the head of any other peer become part of the model? */
  readonly isMerged: boolean
  /** Those whose heads did not come or were not believed, by number. */
  readonly missed: readonly number[]
}

/** A method at work in one peer: what its rounds call, in this order. */
export interface Session {
  /** Local training, of the parameters in place. Resolves with nothing where the peer does not train in this round. */
  train(
    round: number,
    signal: AbortSignal,
  ): Promise<Pick<TrainReport, 'loss' | 'samples' | 'seconds' | 'gradients'> | undefined>
  /** Exchanges and merges. Left out, the peer learns alone. */
  readonly exchange?: (turn: Turn, signal: AbortSignal) => AsyncGenerator<MethodEvent, void, undefined>
  /**
   * Merges the heads of all into one, at the end of the last round. Left out where heads are not averaged.
   *
   * @returns what it has come to
   */
  readonly finish?: (turn: Turn, signal: AbortSignal) => AsyncGenerator<MethodEvent, FinalMerge, undefined>
  /** Has the model changed since it was tested? @default yes */
  isUntested?(): boolean
  /** Tests what the round has made. @param graded - are figures wanted that need all answers at once? */
  evaluate(round: number, signal: AbortSignal, graded: boolean): Promise<Tested>
  /** Tests a copy of the model as it was before the merge. Left out where that means nothing. */
  readonly evaluateBefore?: (parameters: Float32Array, signal: AbortSignal) => Promise<Quality>
  /** Loss of the model as it is now, on a few own samples. Left out where peers keep models of their own. */
  readonly loss?: (signal: AbortSignal) => Promise<number>
  /** The vector that others may be given as this peer's newest, of its plan's layout. @default the head */
  offered?(): Promise<Float32Array>
  /** Called with the head before another peer's replaced it: the peer goes back to it where training diverges. */
  replaced?(before: Float32Array): void
  /** Is the head that this author has published used? */
  believes?(author: string): boolean
  /** What it keeps beside the model. @default nothing */
  kept?(): Kept
  /**
   * Restores what was kept, before the first round.
   *
   * @param source - what errors call it
   * @throws {@link HearsayError} `PARAMETERS` where it does not fit: nothing is restored then
   */
  restore?(kept: Kept, source: string): void
  /** What it makes of others in the long run, by their ids. */
  readonly reputes?: () => ReadonlyMap<string, Repute>
  /** What was not merged, by reason. */
  readonly refused: () => Readonly<Record<string, number>>
}
