import pc from 'picocolors'
import type { Dataset } from '../data/index.js'
import type { Terminal } from './command.js'

/** Tells what is to be known of data that were read. On stderr, so that `--json` and answers stay clean. */
export function tellNotes({ notes = [] }: Pick<Dataset, 'notes'>, stderr: Terminal['stderr']): void {
  for (const note of notes) stderr.write(`${pc.yellow('note')}     ${note}\n`)
}
