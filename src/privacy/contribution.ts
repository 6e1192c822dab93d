import { HearsayError } from '../errors.js'
import { Account, type KeptLedger, type Spent } from './account.js'
import { type ChargedSteps, noiseFor } from './accountant.js'
import { checkFirst } from './budget.js'
import { exposedLimit, exposures, type Pairs } from './exposure.js'
import type { ContributionPrivacy } from './schema.js'

/** As the manifest's section has it by default: there is no record of which there might be many. */
const usualDelta = 1e-5

/**
 * Where peers come and go ρ may be no more: the noise of a pair, one of which is missing, stays in a merge, and so much of
 * it is at most three times what stays anyway (ALGORITHMS-2.md 3.5).
 */
export const openPairNoise = 3

export interface ContributionInit extends KeptLedger {
  readonly spec: ContributionPrivacy
  /** Of the whole run. */
  readonly rounds: number
  /** Which peers share noise, in each round of the run that is not like one before it. Left out where nobody can know: peers come and go. */
  readonly pairs?: readonly Pairs[] | undefined
}

/** What a peer's round was, with noise that cancels. */
export interface ContributionSpent extends Spent {
  /** Of the last round. */
  readonly contribution?: {
    /** How many others it shared noise with. */
    readonly pairs: number
    /** How far training moved what is shared, before that was bounded: for this peer's own eyes. */
    readonly moved: number
  }
}

/** A peer's budget of privacy for all that it contributes. */
export class ContributionBudget {
  /** C. */
  readonly clip: number
  /** Deviation of the peer's own noise, in units of `clip`. */
  readonly noise: number
  /** ρ: of a pair's noise, in units of the own noise. */
  readonly pairNoise: number
  private readonly account: Account
  private last: ContributionSpent['contribution']

  /**
   * @throws {@link HearsayError} `MANIFEST` where the noise does not fit the peers that will be there, no noise keeps the
   *   run within the budget, or that of the manifest would exceed it in the very first round
   */
  constructor({ spec, rounds, pairs, ...kept }: ContributionInit) {
    const { budget, clip, pairNoise, delta = usualDelta } = spec
    this.account = new Account({ budget, delta, ...kept })
    this.clip = clip
    this.pairNoise = pairNoise
    if (pairs === undefined) {
      this.noise = noiseAmongUnknown(spec)
      return
    }
    const worst = Math.max(...pairs.flatMap(round => exposuresIn(round, pairNoise)))
    this.noise = spec.noise ?? noiseAmong(worst, { budget, delta }, rounds)
    checkFirst(this.account, this.roundAt(worst), budget, `with privacy.noise ${this.noise}`)
  }

  get spent(): ContributionSpent {
    return { ...this.account.spent, ...(this.last && { contribution: this.last }) }
  }

  /**
   * Charges a round: see {@link Account.charge}.
   *
   * @param exposure - the peer's own: see {@link exposures}
   */
  charge(exposure: number): Promise<boolean> {
    return this.account.charge(this.roundAt(exposure))
  }

  /** Notes what a round was. */
  took(round: NonNullable<ContributionSpent['contribution']>): void {
    this.last = round
  }

  /** The divergence α·2(C/σ)²·exposure is that of one step on all records, α/2σ². */
  private roundAt(exposure: number): ChargedSteps {
    return { rate: 1, noise: this.noise / (2 * Math.sqrt(exposure)), steps: 1 }
  }
}

function noiseAmongUnknown({ noise, pairNoise }: ContributionPrivacy): number {
  if (noise === undefined) {
    throw new HearsayError(
      'MANIFEST',
      'is missing: where peers come and go nobody can tell beforehand how much suffices; a simulation with as many peers says it, or list the members in a topology file',
      { field: 'privacy.noise' },
    )
  }
  if (pairNoise > openPairNoise) {
    throw new HearsayError(
      'MANIFEST',
      `${pairNoise} is too much where peers come and go, as the noise shared with one that is missing stays: take ${openPairNoise} or less, or list the members in a topology file`,
      { field: 'privacy.pairNoise' },
    )
  }
  return noise
}

function exposuresIn(pairs: Pairs, pairNoise: number): readonly number[] {
  if (pairs.peers <= exposedLimit) return exposures(pairs, pairNoise)
  throw new HearsayError(
    'MANIFEST',
    `contribution goes with at most ${exposedLimit} peers, of which what noise hides can be computed; these are ${pairs.peers}`,
    { field: 'privacy.of' },
  )
}

function noiseAmong(exposure: number, { budget, delta }: { budget: number; delta: number }, rounds: number): number {
  const alone = noiseFor(budget, delta, { rate: 1, steps: rounds })
  if (alone !== undefined) return 2 * alone * Math.sqrt(exposure)
  throw new HearsayError('MANIFEST', `${budget} is too little for ${rounds} rounds; allow more, or fewer rounds`, {
    field: 'privacy.budget',
  })
}
