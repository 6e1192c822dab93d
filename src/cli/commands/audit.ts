import { HearsayError } from '../../errors.js'
import { type Command, wholeNumber } from '../command.js'
import { backendFlag } from '../flags/backend.js'

export const audit: Command = {
  usage: 'audit <run>',
  summary: 'attack a trained peer as a neighbour could: who was there, and what their records look like',
  flags: [
    { flags: '--peer <name>', description: 'the peer that is attacked, where the run folder has several' },
    {
      flags: '--seen <what>',
      description:
        'what a neighbour sees: all, head, or the sum over its neighbours (default: what the run hands over)',
      choices: ['all', 'head', 'sum'],
    },
    {
      flags: '--shadows <number>',
      description: 'shadow models, each trained as long as the run (default: 8)',
      parse: evenNumber,
    },
    {
      flags: '--seed <number>',
      description: 'of what the attacker draws',
      parse: wholeNumber('--seed', 0, 2 ** 31 - 1),
      default: 0,
    },
    { flags: '--quick', description: 'fewer records, shadow models and iterations' },
    { flags: '--out <folder>', description: 'where audit.json and audit.html are written (default: the run folder)' },
    { flags: '--json', description: 'print the figures as JSON' },
    backendFlag,
  ],
  examples: [
    'hearsay audit runs/xrays --peer peer-3',
    'hearsay audit runs/xrays --peer peer-3 --seen head --quick',
    'hearsay audit runs/hospitals --peer cleveland --shadows 32 --json',
  ],
  load: async () => (await import('../audit.js')).run,
}

/** Two by two: each record is in one of a pair. */
function evenNumber(text: string): number {
  const shadows = wholeNumber('--shadows', 4, 256)(text)
  if (shadows % 2 === 0) return shadows
  throw new HearsayError('USAGE', 'must be even: two by two they have each record once', {
    field: '--shadows',
    value: text,
  })
}
