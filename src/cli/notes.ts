import pc from 'picocolors'
import type { Dataset } from '../data/index.js'
import { shown } from '../foreign.js'
import type { Terminal } from './command.js'

/** A note names several files or classes; one of them may be very long. */
const noteLimit = 600

/** Prints the notes on data that were read. On stderr, so that `--json` and predictions stay clean. */
export function tellNotes({ notes = [] }: Pick<Dataset, 'notes'>, stderr: Terminal['stderr']): void {
  for (const note of notes) stderr.write(`${pc.yellow('note')}     ${shown(note, noteLimit)}\n`)
}
