import { type Command, wholeNumber } from '../command.js'
import { backendFlag } from '../flags/backend.js'

export const sweep: Command = {
  usage: 'sweep <file>',
  summary: 'run many simulations that differ in a few fields, those that are missing, and compare them',
  flags: [
    { flags: '--out <folder>', description: 'where the sweep is kept (default: runs/<name of the file>)' },
    {
      flags: '--jobs <number>',
      description: 'runs at a time (default: one a core)',
      parse: wholeNumber('--jobs', 1, 256),
    },
    { flags: '--shard <i/n>', description: 'only the i-th of n parts of the list, i from 1: one for each machine' },
    { flags: '--again', description: 'run those again that have failed' },
    backendFlag,
  ],
  examples: [
    'hearsay sweep sweep.yaml',
    'hearsay sweep sweep.yaml --out /shared/sweep --shard 2/8',
    'hearsay sweep sweep.yaml --jobs 4 --again',
  ],
  load: async () => (await import('../sweep.js')).run,
}
