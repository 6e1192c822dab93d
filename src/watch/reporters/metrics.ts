import type { RunFolder } from '../../disk/index.js'
import type { Reporter } from '../../node/index.js'

/** Every event as a line of the run folder's metrics.jsonl. What begins a run is there once, whenever it goes on. */
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
