import type { Flag } from '../command.js'

/** What every command has that reads tables. */
export const tableFlags: readonly Flag[] = [
  {
    flags: '--columns <list>',
    description: 'tables: the columns to use, by name or number, like age,sex,4-9 (default: all)',
  },
]
