import type { Flag } from '../command.js'

/** How a table is written, where it does not tell. */
export const notationFlags: readonly Flag[] = [
  { flags: '--header', description: 'tables: the first line is a header (default: the lines beneath tell)' },
  { flags: '--no-header', description: 'tables: the first line is a sample' },
  {
    flags: '--decimal <mark>',
    description: 'tables: what stands before the decimals (default: the numbers tell)',
    choices: ['.', ','],
  },
]

/** What every command has that reads tables to learn from. */
export const tableFlags: readonly Flag[] = [
  {
    flags: '--columns <list>',
    description: 'tables: the columns to use, by name or number, like age,sex,4-9 (default: all)',
  },
  {
    flags: '--test <path>',
    description: 'tables: a table, or a folder with one for each peer, that is tested on and never trained on',
  },
  {
    flags: '--group-column <column>',
    description: 'tables: the column whose rows of one value, as of one patient, are kept on one side of every split',
  },
  ...notationFlags,
]
