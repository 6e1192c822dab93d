import type { Beside, Quality } from '../data/index.js'
import type { PeerIdStr } from '../gossip/index.js'
import type { NamedPeer, PeerEvent } from './events.js'

/** Lowest, mean and highest of the peers' own models. */
export interface Spread {
  readonly mean: number
  readonly min: number
  readonly max: number
}

/** What stands beside the measure, over the peers' own models; of which class, where all were tested on the same one. */
export type BesideSpread = { readonly [Name in keyof Beside]?: Spread } & Pick<Quality, 'isUnbalanced'> & {
    readonly rarest?: { readonly class: number; readonly samples: number }
  }

/** One finished round, over all peers that took part in it. */
export interface RoundFigures {
  readonly type: 'round'
  readonly round: number
  readonly peers: number
  /**
   * Accuracy on the test set, 0 to 1: of the peers' own models, and of their averaged model. Not there where the round
   * ended without a test.
   */
  readonly accuracy?: Spread & { readonly ofMean?: number }
  /** What of these tests stands beside accuracy. */
  readonly beside?: BesideSpread
  /** Mean training loss. */
  readonly loss: number
  /** (1/m) Σ ‖x_i − x̄‖² over what is shared. */
  readonly consensusDistance?: number
  /** Heads that should have come and did not. */
  readonly absent: number
  /** Samples trained on, all peers and local epochs. */
  readonly samples: number
  /** Sent by all peers since the run began. */
  readonly sentBytes: number
  /** Since the first round began. */
  readonly seconds: number
}

export type BaselineName = 'localOnly' | 'centralised'

/** What someone who watches a whole run sees: every peer's events, and what they amount to. */
export type RunEvent =
  | {
      /** Comes first: which run, and who takes part. */
      readonly type: 'begin'
      readonly atMs: number
      /** 0 but of a run that goes on. */
      readonly round: number
      /** The run's id, in hex. */
      readonly run: string
      readonly members: readonly NamedPeer[]
    }
  | PeerEvent
  | (RoundFigures & { readonly atMs: number })
  | { readonly type: 'failed'; readonly atMs: number; readonly peer: PeerIdStr; readonly round: number }
  | {
      readonly type: 'baseline'
      readonly atMs: number
      /** Not of `centralised`, which is nobody's. */
      readonly peer?: PeerIdStr
      readonly name: BaselineName
      readonly round: number
      readonly rounds: number
      /** Not there where the round ended without a test. */
      readonly accuracy?: number
      /** What stands beside accuracy. */
      readonly beside?: Partial<Beside>
    }
