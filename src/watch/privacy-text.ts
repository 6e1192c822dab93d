import type { Manifest, PeerEvent } from '../node/index.js'
import type { Spent } from '../privacy/index.js'
import { percent, small } from './text.js'

type Trained = Extract<PeerEvent, { type: 'trained' }>
type Exchanged = Extract<PeerEvent, { type: 'exchanged' }>

/** What training has cost in privacy; of a simulation, the peer that has spent most. */
export interface PrivacyCost extends Spent {
  /** ε that may be spent. */
  readonly budget: number
  /** What it is of. @default each record */
  readonly of?: 'contribution' | undefined
  /** The noise is that of the run's seed, which whoever has the manifest can take away again: a simulation. */
  readonly isSeeded: boolean
}

/** Undefined where the run has no section `privacy`, or nobody has spent. */
export function privacyCost(
  { privacy }: Pick<Manifest, 'privacy'>,
  spent: Spent | undefined,
  isSeeded: boolean,
): PrivacyCost | undefined {
  if (privacy === undefined || spent === undefined) return undefined
  const { epsilon, delta, isOver } = spent
  const of = privacy.of === 'contribution' ? { of: privacy.of } : {}
  return { epsilon, delta, ...(isOver && { isOver }), ...of, budget: privacy.budget, isSeeded }
}

/** "ε 2.31 at δ 1e-5 for each record, of a budget of 3". */
export function privacyText({ epsilon, delta, of, budget, isSeeded }: PrivacyCost): string {
  const what = of === undefined ? 'each record' : 'all that a peer contributes'
  const text = `${spentText({ epsilon, delta })} for ${what}, of a budget of ${budget}`
  return isSeeded ? `${text}; of a simulation, whose noise comes from the seed and gives no privacy` : text
}

/** "ε 2.31 at δ 1e-5". ε is rounded upwards: it is a bound. */
export function spentText({ epsilon, delta }: Spent): string {
  return `ε ${(Math.ceil(epsilon * 100 - 1e-9) / 100).toFixed(2)} at δ ${delta.toExponential(0)}`
}

/**
 * What is to be told of private training, once each: how long is what is bounded, to which the bound is to be fitted, that
 * noise does not cancel, and that the budget is spent.
 */
export function createPrivacyNotes(): (event: Trained | Exchanged) => string | undefined {
  const told = new Set<string>()
  let pairs = 0
  const once = (what: string, text: string): string | undefined => {
    if (told.has(what)) return undefined
    told.add(what)
    return text
  }
  return event => {
    if (event.type === 'exchanged') {
      if (pairs === 0 || event.absent.length === 0) return undefined
      return once('absent', 'the noise shared with a neighbour that is missing does not cancel')
    }
    const { privacy } = event
    if (privacy === undefined) return undefined
    const { isOver = false, gradients, contribution } = privacy
    pairs = isOver ? 0 : (contribution?.pairs ?? 0)
    if (isOver) {
      const text = `${spentText(privacy)}: another round would exceed the budget, so this peer trains no more; it goes on merging`
      return once('over', text)
    }
    if (contribution !== undefined) {
      const moved = `training moved what is shared by ${small(contribution.moved)}, of which privacy.clip bounds what goes on`
      const alone =
        pairs === 0 ? 'no neighbour shares noise in this round, which costs what the own noise alone does' : ''
      return (
        once('moved', alone === '' ? moved : `${moved}; ${alone}`) ?? (alone === '' ? undefined : once('alone', alone))
      )
    }
    if (gradients === undefined) return undefined
    const { median, clipped } = gradients
    const text = `a record's gradient is ${small(median)} long in the median, and ${percent(clipped)} of them longer than privacy.clip`
    return once('gradients', text)
  }
}
