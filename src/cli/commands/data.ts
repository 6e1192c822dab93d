import type { Command } from '../command.js'
import { dataFlags } from '../flags/run.js'

export const data: Command = {
  usage: 'data [set]',
  summary: 'show a data set, or how its classes are dealt to peers',
  flags: dataFlags,
  examples: [
    'hearsay data',
    'hearsay data pneumoniamnist --partition dirichlet:0.3 --peers 8',
    'hearsay data heart-disease',
  ],
  load: async () => (await import('../data.js')).run,
}
