import pc from 'picocolors'
import { borneGamma } from '../codec/index.js'
import type { Dataset } from '../data/index.js'
import { shown } from '../foreign.js'
import type { Manifest } from '../node/index.js'
import type { Terminal } from './command.js'

/** A note names several files or classes; one of them may be very long. */
const noteLimit = 600

/** Prints the notes on data that were read. On stderr, so that `--json` and predictions stay clean. */
export function tellNotes({ notes = [] }: Pick<Dataset, 'notes'>, stderr: Terminal['stderr']): void {
  for (const note of notes) stderr.write(`${pc.yellow('note')}     ${shown(note, noteLimit)}\n`)
}

/** A ring bears a larger γ than the codec does on every graph, and is quicker with it: no error, but a thing to know. */
export function gammaNotes({ encoding }: Pick<Manifest, 'encoding'>): readonly string[] {
  const { codec, gamma = 0 } = encoding
  const borne = borneGamma(encoding)
  if (gamma <= borne) return []
  return [
    `encoding.gamma: ${gamma} is more than the ${borne} that ${codec} bears on every graph: it may do on a ring, and runs apart on dense graphs; if accuracy falls, leave it out`,
  ]
}
