import type { Quality } from '../data/index.js'

/** Why a neighbour's head is not in a merge. */
export type AbsenceReason =
  | 'gone' // its connection is lost and it cannot be dialled
  | 'late' // it did not come before the exchange's deadline
  | 'elsewhere' // its peer is in another round, as it says itself
  | 'refused' // it came, or was to come, and is nothing to be merged: see what was refused, by reason

export interface Absence {
  readonly peer: number
  readonly reason: AbsenceReason
}

/** Why a head that came is not merged, or not asked as an expert. */
export type Disbelief =
  | 'TOO_FAR' // from the own head, by what is usual: limits.headDistance
  | 'TOO_LONG' // in a mixture: its norm, by what is usual: limits.headDistance
  | 'LOSS_TOO_HIGH' // with it the loss on own samples exploded: limits.lossIncrease
  | 'DIVERGED' // training diverged on what it was merged into, or with it as an expert

/** A head that came and was left out of a round. */
export interface RefusedHead {
  readonly peer: number
  readonly name: string
  readonly reason: Disbelief
  /** How many times its limit it lies at: of a distance, a norm or a loss; infinite where it is not finite. */
  readonly times?: number
}

/** Whom a mixture listens to, on average: all weights together are 1. */
export interface Shares {
  /** The peer's own head. */
  readonly own: number
  readonly experts: readonly {
    readonly name: string
    /** Its peer id. */
    readonly peer: string
    readonly weight: number
  }[]
}

/** How good what a round has made is on the test set: of a mixture, its answers. */
export interface Tested extends Quality {
  readonly loss: number
  /**
   * The same of what this peer has without the others in this round: in the field its own model before the merge; of a
   * mixture its own head alone.
   */
  readonly before?: Quality
  /** Only of a mixture. */
  readonly mixture?: {
    /** Its own head alone. */
    readonly own: number
    /** The received head that alone, through its transform, does best; nothing where none is here. */
    readonly bestExpert?: { readonly name: string; readonly peer: string; readonly accuracy: number }
    readonly weights: Shares
  }
}

/** What a peer tells of a run as it happens: one flat stream, in the order of its rounds. */
export type PeerEvent =
  | {
      /** In the field, before the first round: who is there, of how many that are wanted. */
      readonly type: 'waiting'
      readonly peer: number
      readonly live: readonly string[]
      readonly wanted: number
    }
  | {
      /** In the field, when peers have come or gone: who takes part from this round on, by name. */
      readonly type: 'members'
      readonly peer: number
      readonly round: number
      /** In the order that numbers in this peer's events count. */
      readonly names: readonly string[]
    }
  | {
      /** In the field, before the first round: peers see their columns on one scale, by sums over all of these. */
      readonly type: 'standardised'
      readonly peer: number
      /** By name, this peer among them unless it came later. */
      readonly members: readonly string[]
      /** For when it comes back, in base64. */
      readonly sum: string
      readonly notes: readonly string[]
    }
  | {
      /** In the field, before the first round: nobody who is here has the sum, and they are too few to add up anew. */
      readonly type: 'agreeing'
      readonly peer: number
      /** The others that are here, by name. */
      readonly live: readonly string[]
      readonly wanted: number
    }
  | {
      /** In the field: peers that see their data by other sums than this one; no heads of theirs are merged. */
      readonly type: 'unlike'
      readonly peer: number
      readonly names: readonly string[]
      /** So are more than half of the others that are there: it is this peer that differs. */
      readonly isMost: boolean
    }
  | {
      /**
       * The others were ahead: their head was taken over, and the rounds in between are left out. Or, where a peer comes
       * back, behind: it trains what it has ended once more, with them.
       */
      readonly type: 'caught-up'
      readonly peer: number
      readonly round: number
      readonly to: number
    }
  | { readonly type: 'joined'; readonly peer: number; readonly heard: number; readonly missing: readonly number[] }
  | {
      readonly type: 'trained'
      readonly peer: number
      readonly round: number
      /** Mean training loss over the round's steps. */
      readonly loss: number
      readonly samples: number
      readonly seconds: number
    }
  | {
      readonly type: 'exchanged'
      readonly peer: number
      readonly round: number
      /** Which of the round's gossip steps, from 0. */
      readonly step: number
      readonly received: readonly number[]
      readonly absent: readonly Absence[]
      readonly waitSeconds: number
    }
  | {
      /** After the exchange that brought them: their weight returns to oneself for the rest of the round. */
      readonly type: 'refused'
      readonly peer: number
      readonly round: number
      readonly step: number
      readonly heads: readonly RefusedHead[]
    }
  | {
      readonly type: 'merged'
      readonly peer: number
      readonly round: number
      /** Σ_j w_ij ‖x_i − x_j‖² over the heads of the last exchange: what a peer sees of the consensus distance. */
      readonly localDistance: number
    }
  | {
      /** In a mixture: transforms and gate have been trained. */
      readonly type: 'mixed'
      readonly peer: number
      readonly round: number
      /** Received heads that are held, whichever of them took part. */
      readonly experts: number
      /** Mean loss of training transforms and gate; 0 where there was nothing to train. */
      readonly loss: number
      readonly seconds: number
      readonly weights: Shares
    }
  | ({
      /** Only in the rounds that the manifest's section `evaluation` asks for, and in the last. */
      readonly type: 'evaluated'
      readonly peer: number
      readonly round: number
    } & Tested)
  | {
      /** Comes last in every round. Until its peer is asked for the next event, its parameters stay as they are. */
      readonly type: 'ended'
      readonly peer: number
      readonly round: number
      /** The whole round: training, exchange, merge and evaluation, and waiting for a free worker and for neighbours. */
      readonly seconds: number
    }
  | { readonly type: 'finished'; readonly peer: number; readonly rounds: number }
