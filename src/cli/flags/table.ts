import type { Flag } from '../command.js'
import { field } from './fields.js'

/** How a table is written, where its contents do not show it. */
export const notationFlags: readonly Flag[] = [
  { flags: '--header', description: 'tables: the first line is a header (default: judged by the lines beneath)' },
  { flags: '--no-header', description: 'tables: the first line is a sample' },
  {
    flags: '--decimal <mark>',
    description: field('data.decimal'),
    choices: ['.', ','],
  },
]

/** Flags of every command that reads tables to learn from. */
export const tableFlags: readonly Flag[] = [
  {
    flags: '--columns <list>',
    description: `${field('data.columns')}, as age,sex,4-9`,
  },
  {
    flags: '--test <path>',
    description: field('data.test'),
  },
  {
    flags: '--group-column <column>',
    description: field('data.groupColumn'),
  },
  ...notationFlags,
]
