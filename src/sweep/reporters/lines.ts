import { shown } from '../../foreign.js'
import { countOf, duration } from '../../watch/index.js'
import type { SweepProgress } from '../progress.js'
import type { SweepEvent } from '../run.js'

/** A sweep where there is no terminal: a line for each run that begins or ends. */
export function sweepLines(stream: Pick<NodeJS.WritableStream, 'write'>, progress: SweepProgress) {
  return (event: SweepEvent): void => void stream.write(`${lineOf(event, progress)}\n`)
}

function lineOf(event: SweepEvent, progress: SweepProgress): string {
  const name = nameOf(event.run)
  if (event.type === 'begun') {
    return `begun      ${name}${event.rounds === 0 ? '' : `, behind round ${event.rounds}`}`
  }
  const left = leftText(progress)
  switch (event.end.state) {
    case 'done':
      return `done       ${name}  (${[countOf(progress.done, 'run'), left].filter(part => part !== '').join(', ')})`
    case 'failed':
      return `failed     ${name}: ${shown(event.end.reason, 1000)}`
    case 'elsewhere':
      return `elsewhere  ${name}`
    case 'interrupted':
      return `stopped    ${name}`
  }
}

/** What a run is called: what it differs in, where it differs in anything. */
export function nameOf({ id, label }: SweepEvent['run']): string {
  return label === '' ? id : shown(label)
}

/** "3 min left", or nothing while that is not known. */
export function leftText(progress: SweepProgress): string {
  const seconds = progress.secondsLeft()
  return seconds === undefined || (progress.waiting === 0 && progress.running().length === 0)
    ? ''
    : `${duration(Math.max(1, seconds))} left`
}
