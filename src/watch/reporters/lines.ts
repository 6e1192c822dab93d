import { measureOf } from '../../data/index.js'
import type { ReportedRun, Reporter, RoundFigures, RunEvent } from '../../node/index.js'
import { besideSpreadText, primarySpreadText } from '../beside-text.js'
import { createEventNotes } from '../event-notes.js'
import { finalText } from '../final-text.js'
import { byteCount, measured, measureNames, small } from '../text.js'
import { createTimeLeftText } from '../time-left.js'

/**
 * A simulation where there is no terminal, as in a file: a line a round, and one for what is out of the ordinary.
 *
 * @param now - milliseconds since whenever. @default performance.now
 */
export function linesReporter(stream: Pick<NodeJS.WritableStream, 'write'>, now?: () => number): Reporter {
  let linesOf: (event: RunEvent) => string[]
  return {
    onBegin(run) {
      linesOf = createLines(run, now)
    },
    onEvent(event) {
      for (const line of linesOf(event)) stream.write(`${line}\n`)
    },
  }
}

function createLines(run: ReportedRun, now: (() => number) | undefined): (event: RunEvent) => string[] {
  const { peers, rounds } = run.manifest
  /** Rounds that the baselines have yet to do: each peer alone, and all data in one place. */
  let baselineRounds = run.baselines ? (peers + 1) * rounds : 0
  const noteOf = createEventNotes(run.members)
  const left = createTimeLeftText(run, now)
  return event => {
    left.add(event)
    const note = noteOf(event)
    const lines = note === undefined ? [] : [note]
    if (event.type === 'round') {
      const { consensusDistance, sentBytes, silent, final } = event
      const parts = [
        `round ${event.round + 1}/${rounds}`,
        ...testedParts(event, run),
        ...(event.attackers === undefined ? [] : [`of ${event.peers} honest peers`]),
        ...(consensusDistance === undefined ? [] : [`consensus ${small(consensusDistance)}`]),
        ...(silent === undefined ? [] : [silent === event.peers ? 'no exchange' : `${silent} without exchange`]),
        ...(final === undefined ? [] : [`final merge: ${finalText(final, measureOf(run.manifest.data))}`]),
        `sent ${byteCount(sentBytes)}`,
        [...(event.round + 1 === rounds && run.baselines ? ['now the baselines'] : []), left.text()]
          .filter(part => part !== '')
          .join(', '),
      ]
      lines.push(parts.join('  ').trimEnd())
    }
    if (event.type === 'baseline') {
      baselineRounds -= 1
      const done = event.round + 1
      const isTold = event.name === 'centralised' && done % 5 === 0 && done < rounds
      if (isTold) lines.push(`baselines  round ${done}/${rounds}  ${left.text()}`.trimEnd())
      if (baselineRounds === 0) lines.push(`baselines  round ${rounds}/${rounds}`)
    }
    return lines
  }
}

function testedParts({ accuracy, beside, loss }: RoundFigures, { manifest, classes }: ReportedRun): string[] {
  if (accuracy === undefined) return [`loss ${small(loss)}`]
  const measure = measureOf(manifest.data)
  const { primary = 'accuracy' } = manifest.evaluation
  const { mean, min, max, ofMean } = accuracy
  const ofAll = ofMean === undefined ? '' : `; averaged model ${measured(ofMean, measure)}`
  const spread = `${measured(min, measure)} to ${measured(max, measure)}${ofAll}`
  const more = beside === undefined ? '' : besideSpreadText(beside, classes, primary)
  const lead = primarySpreadText(beside, primary)
  return [lead, `${measureNames[measure]} ${measured(mean, measure)} (${spread})`, more].filter(part => part !== '')
}
