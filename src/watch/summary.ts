import type { Beside, ClassFigures, Confusion, Measure, Primary } from '../data/index.js'
import type { Device, TrainReport } from '../learner/index.js'
import type { ReputationUse } from '../methods/index.js'
import type { FinalFigures, Spread, TrafficBytes } from '../node/index.js'
import type { Fairness } from './fairness.js'
import type { PrivacyCost } from './privacy-text.js'

/** A run in one object: what `--json` prints. Accuracies are in the run's measure, on the full test set. */
export interface Summary {
  /** The run's id: SHA-256 of its manifest, in hex. */
  readonly run: string
  readonly seed: number
  readonly backend: string
  readonly transport: string
  readonly peers: number
  /** Rounds that were done: of a run that was interrupted, fewer than in its manifest. */
  readonly rounds: number
  readonly interrupted: boolean
  /** From the first peer's first step to the last peer's last. */
  readonly seconds: number
  readonly topology: string
  readonly merge: string
  /** The rule of whom to believe; left out where there is none. */
  readonly believe?: string
  /** What became of neighbours' reputation; left out where there was none. */
  readonly reputation?: ReputationUse
  /** What the figures under `accuracy` are: shares of right answers, R², or PSNR in dB. */
  readonly measure: Measure
  /** After the last round; of a run that was interrupted, after the last round that was tested. */
  readonly accuracy: {
    /** Over the peers' own models. */
    readonly mean: number
    readonly min: number
    readonly max: number
    /** Of the peers' averaged model; null where peers have models of their own. */
    readonly ofMean: number | null
    /** Baselines: null when they were not run. */
    readonly localOnly: number | null
    readonly centralised: number | null
  }
  /** Of the same round: what accuracy may hide. Which are there depends on what is predicted; none for restored images. */
  readonly beside: { readonly [Name in keyof Beside]?: BesideFigures }
  /**
   * The class with the fewest test samples, that of `beside.rarestRecall`; null where none or each peer has another.
   */
  readonly rarest: { readonly class: string; readonly samples: number } | null
  /** The figure that is shown first: `evaluation.primary`. */
  readonly primary: Primary
  /** How evenly it is spread over the peers that took part to the end; null where fewer than two have it. */
  readonly fairness: Fairness | null
  /** Null where peers have models of their own. */
  readonly consensusDistance: number | null
  /** Of a run with a final merge. */
  readonly final?: FinalFigures
  /**
   * Numbers of the peers that attacked in a simulation: all that is over peers, from `accuracy` to `consensusDistance`, is
   * over the others. Left out where none did.
   */
  readonly attackers?: readonly number[]
  /** Of a backdoor, over the honest peers: the share of other classes' test records that its trigger makes the first. */
  readonly backdoor?: Spread
  /** How many peers train in a round, where they are sampled. */
  readonly sampled?: number
  readonly spectralGap: number
  readonly bytes: { readonly sent: number; readonly perPeerPerRound: number }
  /** Of a run with an adaptive exchange: heads that were not handed over, and the bytes of their parameters. */
  readonly spared?: { readonly heads: number; readonly bytes: number }
  /** Samples trained by all peers a second; exchange and evaluation included in the time. */
  readonly samplesPerSecond: number
  readonly peakRssMB: number
}

/** One figure over the peers' own models, and of the baselines: null when they were not run. */
export interface BesideFigures extends Spread {
  readonly localOnly: number | null
  readonly centralised: number | null
}

/** One peer's line in the report. */
export interface PeerSummary extends Partial<Beside> {
  readonly peer: number
  readonly name: string
  readonly samples: number
  readonly accuracy: number | null
  readonly localOnly: number | null
  /** What stands beside it; left out where baselines were not run. */
  readonly localOnlyBeside?: Partial<Beside>
  readonly failed: boolean
  /** The kind of its attack. Left out of honest peers. */
  readonly attack?: string
  /** See {@link Summary}. */
  readonly backdoor?: number
  /** What its training has cost in privacy. */
  readonly epsilon?: number
  /** Of its last test, unless there are very many classes. */
  readonly byClass?: readonly (ClassFigures & { readonly name: string })[]
  /** The same test: rows are labels and columns answers, in the order of `byClass`. */
  readonly confusion?: Confusion
  /** What the method reports of its last test. */
  readonly figures?: Readonly<Record<string, number>>
}

/** The summary and what a person wants to look up afterwards: what `summary.json` holds. */
export interface RunSummary extends Summary, Pick<TrainReport, 'steps' | 'stepsInLoop'> {
  /** What the backend computed on; its memory is left out where it is unknown. */
  readonly device: Device
  /** Do classes have so unlike numbers of samples that accuracy may hide a class that is never found? */
  readonly isUnbalanced: boolean
  /** Names of classes without a test sample. */
  readonly untested: readonly string[]
  readonly data: string
  /** With the manifest's section `privacy`. */
  readonly privacy?: PrivacyCost
  readonly model: { readonly parameters: number; readonly shared: number }
  /**
   * What was made to go wrong in a simulation; left out where nothing was. Peers that die as "peer@round", both from 0,
   * attacks as `--attack` has them, and the share of the directions between peers that were cut. None of it stands in the manifest, and yet it
   * is part of what the figures come from.
   */
  readonly faults?: {
    readonly fail?: readonly string[]
    readonly attack?: readonly string[]
    readonly disconnect?: number
  }
  /** All bytes of all peers, by what they were for. */
  readonly traffic: TrafficBytes
  /** Heads that should have come and did not. */
  readonly absent: number
  /** What was refused, by reason. */
  readonly rejected: Readonly<Record<string, number>>
  /**
   * What peers report of peers in the last tests, by name: row i has what peer i reports of each, itself included. Null
   * where it reports nothing, but for weights: there it is 0.
   */
  readonly between?: Readonly<Record<string, readonly (readonly (number | null)[])[]>>
  readonly perPeer: readonly PeerSummary[]
}

/** The part of a run's summary that `--json` prints. */
export function headline(summary: RunSummary): Summary {
  const {
    device,
    steps,
    stepsInLoop,
    isUnbalanced,
    untested,
    data,
    privacy,
    model,
    faults,
    traffic,
    absent,
    rejected,
    between,
    perPeer,
    ...rest
  } = summary
  return rest
}
