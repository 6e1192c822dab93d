import type { Reporter } from '../../node/index.js'
import { headline, type RunSummary } from '../summary.js'

/** For machines: the summary of a simulation as one JSON object, once it is over. */
export function jsonReporter(stream: Pick<NodeJS.WritableStream, 'write'>): Reporter<RunSummary> {
  return {
    onEnd({ summary }) {
      if (summary !== undefined) stream.write(`${JSON.stringify(headline(summary))}\n`)
    },
  }
}
