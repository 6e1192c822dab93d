import { type Command, number } from '../command.js'
import { field } from '../flags/fields.js'
import { runFlags } from '../flags/run.js'

export const init: Command = {
  usage: 'init',
  summary: 'write a commented run.yaml, from your answers or from flags',
  flags: [
    { flags: '-y, --yes', description: 'ask no questions: take the defaults for what no flag sets' },
    { flags: '--out <file>', description: 'where it is written (default: run.yaml)' },
    { flags: '--force', description: 'write over a file that is there' },
    {
      flags: '--min-peers <number>',
      description: field('minPeers'),
      parse: number('--min-peers'),
    },
    ...runFlags,
  ],
  examples: [
    'hearsay init',
    'hearsay init --yes --data pneumoniamnist --model mlp --rounds 5 --min-peers 3 --out run.yaml',
    'hearsay init --yes --data heart-disease --model logistic --share head --out hospitals.yaml',
  ],
  load: async () => (await import('../init.js')).run,
}
