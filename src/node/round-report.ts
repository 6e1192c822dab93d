import type { Measure } from '../data/index.js'
import type { RoundReport } from '../gossip/index.js'
import type { Happening } from './events.js'

/** A peer's report of its round, updated by this event. */
export function reportAfter(
  report: RoundReport,
  event: Happening & { readonly round: number },
  measure: Measure,
): RoundReport {
  if (event.type === 'trained') return { round: event.round, samples: event.samples, loss: event.loss }
  if (event.type === 'merged') return { ...report, localDistance: event.localDistance }
  // Records contain accuracies, which are 0 to 1 (docs/wire.md); other measures are not sent.
  if (event.type === 'evaluated' && measure === 'accuracy') return { ...report, accuracy: event.accuracy }
  return report
}
