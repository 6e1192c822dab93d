import type { Measure } from '../data/index.js'
import type { RoundReport } from '../gossip/index.js'
import type { Happening } from './events.js'

/** What a report may hold. */
export interface ReportRule {
  readonly measure: Measure
  /** Figures of own samples, which have no noise, are left out. */
  readonly isPrivate: boolean
  /** Number of the peer's own. */
  readonly records: number
  /** A distance is left out: it would be that of one head to a sum. */
  readonly isMasked: boolean
}

/** A peer's report of its round, updated by this event. */
export function reportAfter(
  report: RoundReport,
  event: Happening & { readonly round: number },
  { measure, isPrivate, records, isMasked }: ReportRule,
): RoundReport {
  if (event.type === 'trained') {
    const { round, samples, loss } = event
    // How many records noise has let take part is no business of others, nor when the budget is spent.
    return isPrivate ? { round, samples: records } : { round, samples, loss }
  }
  if (event.type === 'merged') return isMasked ? report : { ...report, localDistance: event.localDistance }
  // Records contain accuracies, which are 0 to 1 (docs/wire.md); other measures are not sent.
  if (event.type === 'evaluated' && measure === 'accuracy' && !isPrivate) return { ...report, accuracy: event.accuracy }
  return report
}
