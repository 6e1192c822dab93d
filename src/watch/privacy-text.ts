import type { Manifest, PeerEvent } from '../node/index.js'
import type { Spent } from '../privacy/index.js'
import { percent, small } from './text.js'

type Trained = Extract<PeerEvent, { type: 'trained' }>

/** What training has cost in privacy; of a simulation, the peer that has spent most. */
export interface PrivacyCost extends Spent {
  /** ε that may be spent. */
  readonly budget: number
  /** The noise is that of the run's seed, which whoever has the manifest can take away again: a simulation. */
  readonly isSeeded: boolean
}

/** Undefined where the run has no section `privacy`, or nobody has spent. */
export function privacyCost(
  { privacy }: Pick<Manifest, 'privacy'>,
  spent: Spent | undefined,
  isSeeded: boolean,
): PrivacyCost | undefined {
  return privacy && spent && { ...spent, budget: privacy.budget, isSeeded }
}

/** "ε 2.31 at δ 1e-5 for each record, of a budget of 3". */
export function privacyText({ epsilon, delta, budget, isSeeded }: PrivacyCost): string {
  const text = `${spentText({ epsilon, delta })} for each record, of a budget of ${budget}`
  return isSeeded ? `${text}; of a simulation, whose noise comes from the seed and gives no privacy` : text
}

/** "ε 2.31 at δ 1e-5". ε is rounded upwards: it is a bound. */
export function spentText({ epsilon, delta }: Spent): string {
  return `ε ${(Math.ceil(epsilon * 100 - 1e-9) / 100).toFixed(2)} at δ ${delta.toExponential(0)}`
}

/**
 * What is to be told of private training, once each: how long the gradients of single records are, to which the bound is
 * to be fitted, and that the budget is spent.
 */
export function createPrivacyNotes(): (event: Trained) => string | undefined {
  let isTold = false
  let isOver = false
  return ({ privacy }) => {
    if (privacy === undefined) return undefined
    if (privacy.isOver === true && !isOver) {
      isOver = true
      return `${spentText(privacy)}: another round would exceed the budget, so this peer trains no more; it goes on merging`
    }
    if (privacy.gradients === undefined || isTold) return undefined
    isTold = true
    const { median, clipped } = privacy.gradients
    return `a record's gradient is ${small(median)} long in the median, and ${percent(clipped)} of them longer than privacy.clip`
  }
}
