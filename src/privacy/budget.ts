import { HearsayError } from '../errors.js'
import { type ChargedSteps, costOfStep, epsilonOf, noiseFor } from './accountant.js'
import type { PrivacySpec } from './schema.js'

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

/** What has been spent so far. */
export interface Spent {
  readonly epsilon: number
  readonly delta: number
  /** Set once a round was not trained because it would have exceeded the budget. */
  readonly isOver?: true
}

/** Steps charged before each is taken: those of a process that was killed in between are in it too. */
export type Ledger = readonly ChargedSteps[]

export interface BudgetInit {
  readonly spec: PrivacySpec
  readonly training: PrivateTraining
  /** What was charged before. @default nothing */
  readonly ledger?: Ledger
  /** Keeps a ledger for good. The steps in it are not taken before it resolves. @default nowhere, in a simulation */
  readonly keep?: (ledger: Ledger) => Promise<void>
}

/** A peer's budget of privacy: its own, as it depends on the number of its records. */
export class PrivacyBudget {
  readonly step: PrivateStep
  /** Of a round. */
  readonly steps: number
  readonly delta: number
  private ledger: Ledger
  private isOver = false
  /** By kind, as the ledger has them. */
  private readonly costs = new Map<string, readonly number[]>()

  /**
   * @throws {@link HearsayError} `MANIFEST` where no noise keeps the run within the budget, or where that of the manifest
   *   would exceed it in the very first round
   */
  constructor(private readonly init: BudgetInit) {
    const { spec, training, ledger = [] } = init
    const { records, rate, steps, rounds } = training
    this.delta = spec.delta ?? Math.min(1e-5, 1 / (10 * records))
    this.steps = steps
    const noise = spec.noise ?? noiseFor(spec.budget, this.delta, { rate, steps: steps * rounds })
    if (noise === undefined) {
      throw new HearsayError(
        'MANIFEST',
        `${spec.budget} is too little for ${rounds} rounds of ${steps} steps on ${records} records; allow more, or train for fewer rounds or in smaller batches`,
        { field: 'privacy.budget' },
      )
    }
    this.step = { clip: spec.clip, noise, rate }
    this.ledger = ledger
    const first = this.epsilonOf(this.charged())
    if (ledger.length === 0 && first > spec.budget) {
      const least = (Math.ceil(first * 100) / 100).toFixed(2)
      throw new HearsayError(
        'MANIFEST',
        `${spec.budget} is less than the first round costs with privacy.noise ${noise} on ${records} records: allow ${least} or more, or leave noise out, which is then what suffices for all rounds`,
        { field: 'privacy.budget' },
      )
    }
  }

  get spent(): Spent {
    return { epsilon: this.epsilonOf(this.ledger), delta: this.delta, ...(this.isOver && { isOver: true }) }
  }

  /**
   * Charges the steps of a round.
   *
   * @returns true once they may be taken; false where they would exceed the budget: nothing is charged, and it is over
   */
  async charge(): Promise<boolean> {
    const ledger = this.charged()
    this.isOver = this.epsilonOf(ledger) > this.init.spec.budget
    if (this.isOver) return false
    await this.init.keep?.(ledger)
    this.ledger = ledger
    return true
  }

  private charged(): Ledger {
    const { noise, rate } = this.step
    const isSame = (kind: ChargedSteps): boolean => kind.noise === noise && kind.rate === rate
    const before = this.ledger.find(isSame)
    return [...this.ledger.filter(kind => !isSame(kind)), { rate, noise, steps: this.steps + (before?.steps ?? 0) }]
  }

  private epsilonOf(ledger: Ledger): number {
    const taken = ledger.map(({ steps, ...kind }) => ({ steps, cost: this.costOf(kind) }))
    return epsilonOf(taken, this.delta)
  }

  private costOf(kind: Omit<ChargedSteps, 'steps'>): readonly number[] {
    const key = `${kind.rate} ${kind.noise}`
    const cost = this.costs.get(key) ?? costOfStep(kind)
    this.costs.set(key, cost)
    return cost
  }
}
