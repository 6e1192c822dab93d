import { HearsayError } from '../errors.js'
import { Account, type KeptLedger, type Spent } from './account.js'
import { noiseFor } from './accountant.js'
import type { RecordPrivacy } from './schema.js'

/** What one peer's training is, as far as it costs privacy. */
export interface PrivateTraining {
  /** Number of its own records. */
  readonly records: number
  /** q: see {@link ChargedSteps}. */
  readonly rate: number
  /** Of each round. */
  readonly steps: number
  /** Of the whole run. */
  readonly rounds: number
}

/** A private step of one peer: every number settled. */
export interface PrivateStep {
  /** R. */
  readonly clip: number
  /** σ. */
  readonly noise: number
  /** q. */
  readonly rate: number
}

export interface BudgetInit extends KeptLedger {
  readonly spec: RecordPrivacy
  readonly training: PrivateTraining
}

/** A peer's budget of privacy for each of its records: its own, as it depends on their number. */
export class PrivacyBudget {
  readonly step: PrivateStep
  /** Of a round. */
  readonly steps: number
  private readonly account: Account

  /**
   * @throws {@link HearsayError} `MANIFEST` where no noise keeps the run within the budget, or where that of the manifest
   *   would exceed it in the very first round
   */
  constructor({ spec, training, ...kept }: BudgetInit) {
    const { records, rate, steps, rounds } = training
    const { budget, clip } = spec
    const delta = spec.delta ?? Math.min(1e-5, 1 / (10 * records))
    this.account = new Account({ budget, delta, ...kept })
    this.steps = steps
    const noise = spec.noise ?? noiseFor(budget, delta, { rate, steps: steps * rounds })
    if (noise === undefined) {
      throw new HearsayError(
        'MANIFEST',
        `${budget} is too little for ${rounds} rounds of ${steps} steps on ${records} records; allow more, or train for fewer rounds or in smaller batches`,
        { field: 'privacy.budget' },
      )
    }
    this.step = { clip, noise, rate }
    checkFirst(this.account, { rate, noise, steps }, budget, `with privacy.noise ${noise} on ${records} records`)
  }

  get delta(): number {
    return this.account.delta
  }

  get spent(): Spent {
    return this.account.spent
  }

  /** Charges the steps of a round: see {@link Account.charge}. */
  charge(): Promise<boolean> {
    const { rate, noise } = this.step
    return this.account.charge({ rate, noise, steps: this.steps })
  }
}

/** @throws {@link HearsayError} `MANIFEST` where the very first round would exceed the budget */
export function checkFirst(
  account: Account,
  round: Parameters<Account['charge']>[0],
  budget: number,
  what: string,
): void {
  const first = account.epsilonWith(round)
  if (!account.isNew || first <= budget) return
  const least = (Math.ceil(first * 100) / 100).toFixed(2)
  throw new HearsayError(
    'MANIFEST',
    `${budget} is less than the first round costs ${what}: allow ${least} or more, or leave noise out, which is then what suffices for all rounds`,
    { field: 'privacy.budget' },
  )
}
