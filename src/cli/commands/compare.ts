import { HearsayError } from '../../errors.js'
import type { Command } from '../command.js'

export const compare: Command = {
  usage: 'compare <runs...>',
  summary: 'compare runs: those that differ in their seed alone are one variant',
  flags: [
    {
      flags: '--baseline <variant>',
      description: 'what the others are compared to: the number of a variant in the table, or best',
      default: 1,
      parse: baseline,
    },
    { flags: '--html <file>', description: 'write a page for a browser, which needs no network' },
    { flags: '--csv <file>', description: 'write a row for each run' },
    { flags: '--latex <file>', description: 'write the tables, for LaTeX with booktabs' },
    { flags: '--json', description: 'print one JSON object and nothing else' },
  ],
  examples: [
    'hearsay compare runs/ring-1 runs/ring-2 runs/torus-1 runs/torus-2',
    'hearsay compare runs/* --baseline best --html comparison.html --csv runs.csv',
  ],
  load: async () => (await import('../compare.js')).run,
}

/** How many variants there are is known when the runs have been read. */
function baseline(text: string): number | 'best' {
  if (text === 'best') return text
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new HearsayError('USAGE', 'must be best, or the number of a variant in the table', {
    field: '--baseline',
    value: text,
  })
}
