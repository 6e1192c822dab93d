import type { Command } from '../command.js'
import { backendFlag } from '../flags/backend.js'
import { notationFlags } from '../flags/table.js'

export const predict: Command = {
  usage: 'predict <run> [inputs]',
  summary: 'predict with a trained model from images, a table or an array (default: what the run was tested on)',
  flags: [
    { flags: '--peer <name>', description: 'the peer whose model it is, where the run folder has several' },
    { flags: '--out <file>', description: '.csv or .json; of restored images a folder (default: print)' },
    {
      flags: '--evaluate',
      description: 'print how right the answers are, not the answers; with --out as .json',
    },
    ...notationFlags,
    backendFlag,
  ],
  examples: [
    'hearsay predict runs/xrays scan.png --peer peer-3',
    'hearsay predict runs/hospitals patients.csv --peer cleveland --out answers.csv',
    'hearsay predict runs/digits --peer peer-0 --out answers.json',
    'hearsay predict runs/hospitals patients.csv --peer cleveland --evaluate',
  ],
  load: async () => (await import('../predict.js')).run,
}
