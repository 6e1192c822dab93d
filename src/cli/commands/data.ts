import { type Command, grouped } from '../command.js'
import { dataFlags } from '../flags/run.js'

export const data: Command = {
  usage: 'data [sets...]',
  summary: 'show a data set, or how its classes are dealt to peers',
  flags: [
    ...grouped('Data', [
      {
        flags: '--schema',
        description: 'print columns, categories and classes as a manifest takes them, of several sites together',
      },
    ]),
    ...dataFlags,
  ],
  examples: [
    'hearsay data',
    'hearsay data pneumoniamnist --partition dirichlet:0.3 --peers 8',
    'hearsay data heart-disease',
    'hearsay data heart-disease --schema',
  ],
  load: async () => (await import('../data.js')).run,
}
