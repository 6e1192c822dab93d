import type { RunFolder } from '../../disk/index.js'
import type { Reporter } from '../../node/index.js'

/**
 * Every event as a line of the run folder's metrics.jsonl. The events that begin a run are written once, not again when
 * it goes on.
 */
export function metricsReporter(folder: Pick<RunFolder, 'append'>): Reporter {
  let isResumed = false
  return {
    onBegin({ rounds }) {
      isResumed = rounds > 0
    },
    onEvent(event) {
      const isOfTheBeginning = event.type === 'begin' || event.type === 'joined'
      if (!isResumed || !isOfTheBeginning) folder.append(event)
    },
  }
}
