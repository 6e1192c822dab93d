import type { Beside, Quality } from '../data/index.js'
import type { PeerIdStr } from '../gossip/index.js'
import type { NamedPeer, PeerEvent } from './events.js'

/** Lowest, mean and highest of the peers' own models. */
export interface Spread {
  readonly mean: number
  readonly min: number
  readonly max: number
}

/** The figures beside the measure, over the peers' own models; with the rarest class, where all have the same one. */
export type BesideSpread = { readonly [Name in keyof Beside]?: Spread } & Pick<Quality, 'isUnbalanced'> & {
    readonly rarest?: { readonly class: number; readonly samples: number }
  }

/** What a final merge has come to, over the peers that have one model by it. */
export interface FinalFigures {
  /** The measure before it, of the peers' own models, on each one's test samples. */
  readonly own: Spread
  readonly merged: Spread
  /** How many have a better model of their own beside it. */
  readonly betterOwn: number
  /** How many heard none, or not all. */
  readonly incomplete: number
}

/** One finished round, over all peers that took part in it. */
export interface RoundFigures {
  readonly type: 'round'
  readonly round: number
  readonly peers: number
  /** How many peers attack: the figures are of the others, and only counts are of all. Left out where none does. */
  readonly attackers?: number
  /**
   * Accuracy on the test set, 0 to 1: of the peers' own models, and of their averaged model. Absent if the round ended
   * without a test.
   */
  readonly accuracy?: Spread & { readonly ofMean?: number }
  /** The figures of these tests beside accuracy. */
  readonly beside?: BesideSpread
  /** Of a backdoor: see `Tested`. */
  readonly backdoor?: Spread
  /** Mean training loss. */
  readonly loss: number
  /** (1/m) Σ ‖x_i − x̄‖² over what is shared. */
  readonly consensusDistance?: number
  /** How many peers had no exchange in it, by the run's schedule. Left out where all had. */
  readonly silent?: number
  /** Heads that were not handed over since the run began, as neither end of their edge had anything new. Left out of none. */
  readonly spared?: number
  /** In the last round, where the manifest wants a final merge. */
  readonly final?: FinalFigures
  /** Heads that were expected and did not come. */
  readonly absent: number
  /** Samples trained on, all peers and local epochs. */
  readonly samples: number
  /** Sent by all peers since the run began. */
  readonly sentBytes: number
  /** Since the first round began. */
  readonly seconds: number
}

export type BaselineName = 'localOnly' | 'centralised'

/** The events of a whole run: every peer's, and figures computed from them. */
export type RunEvent =
  | {
      /** Comes first: the run, and the peers that take part. */
      readonly type: 'begin'
      readonly atMs: number
      /** 0 unless the run is resumed. */
      readonly round: number
      /** The run's id, in hex. */
      readonly run: string
      /** Those that attack with the kind of their attack. */
      readonly members: readonly (NamedPeer & { readonly attack?: string })[]
    }
  | PeerEvent
  | (RoundFigures & { readonly atMs: number })
  | { readonly type: 'failed'; readonly atMs: number; readonly peer: PeerIdStr; readonly round: number }
  | {
      readonly type: 'baseline'
      readonly atMs: number
      /** Absent for `centralised`, which belongs to no peer. */
      readonly peer?: PeerIdStr
      readonly name: BaselineName
      readonly round: number
      readonly rounds: number
      /** Absent if the round ended without a test. */
      readonly accuracy?: number
      /** The figures beside accuracy. */
      readonly beside?: Partial<Beside>
    }
