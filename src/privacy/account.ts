import { type ChargedSteps, costOfStep, epsilonOf } from './accountant.js'

/** What has been spent so far. */
export interface Spent {
  readonly epsilon: number
  readonly delta: number
  /** Set once a round was not trained because it would have exceeded the budget. */
  readonly isOver?: true
}

/** Steps charged before each is taken: those of a process that was killed in between are in it too. */
export type Ledger = readonly ChargedSteps[]

/** Where a ledger comes from, and where it goes. */
export interface KeptLedger {
  /** What was charged before. @default nothing */
  readonly ledger?: Ledger
  /** Keeps a ledger for good. The steps in it are not taken before it resolves. @default nowhere, in a simulation */
  readonly keep?: (ledger: Ledger) => Promise<void>
}

export interface AccountInit extends KeptLedger {
  /** ε that may be spent. */
  readonly budget: number
  readonly delta: number
}

/** A peer's ε, whatever it is spent on. */
export class Account {
  readonly delta: number
  private ledger: Ledger
  private isOver = false
  /** By kind, as the ledger has them. */
  private readonly costs = new Map<string, readonly number[]>()

  constructor(private readonly init: AccountInit) {
    this.delta = init.delta
    this.ledger = init.ledger ?? []
  }

  get spent(): Spent {
    return { epsilon: this.epsilonOf(this.ledger), delta: this.delta, ...(this.isOver && { isOver: true }) }
  }

  /** Has nothing ever been charged? */
  get isNew(): boolean {
    return this.ledger.length === 0
  }

  /** ε once these are taken too. */
  epsilonWith(steps: ChargedSteps): number {
    return this.epsilonOf(added(this.ledger, steps))
  }

  /**
   * Charges steps.
   *
   * @returns true once they may be taken; false where they would exceed the budget: nothing is charged, and it is over
   */
  async charge(steps: ChargedSteps): Promise<boolean> {
    const ledger = added(this.ledger, steps)
    this.isOver = this.epsilonOf(ledger) > this.init.budget
    if (this.isOver) return false
    await this.init.keep?.(ledger)
    this.ledger = ledger
    return true
  }

  private epsilonOf(ledger: Ledger): number {
    const taken = ledger.map(({ steps, ...kind }) => ({ steps, cost: this.costOf(kind) }))
    return epsilonOf(taken, this.delta)
  }

  private costOf(kind: Omit<ChargedSteps, 'steps'>): readonly number[] {
    // Costs next to nothing there, and each round's noise may be another.
    if (kind.rate === 1) return costOfStep(kind)
    const key = `${kind.rate} ${kind.noise}`
    const cost = this.costs.get(key) ?? costOfStep(kind)
    this.costs.set(key, cost)
    return cost
  }
}

/**
 * A ledger with more steps. Where every record takes part the divergence is α/2σ² at every order, so that steps of any two
 * σ are as many of a third: the ledger stays short though each round's graph makes another σ.
 */
function added(ledger: Ledger, { rate, noise, steps }: ChargedSteps): Ledger {
  const before = ledger.find(kind => kind.rate === rate && (kind.noise === noise || rate === 1))
  if (before === undefined) return [...ledger, { rate, noise, steps }]
  const all = before.steps + steps
  const mean = Math.sqrt(all / (before.steps / before.noise ** 2 + steps / noise ** 2))
  return [...ledger.filter(kind => kind !== before), { rate, noise: before.noise === noise ? noise : mean, steps: all }]
}
