import { Malformed } from './fields.js'

/*
 * Bounds of what a record holds. A record is far larger than its lines: it has a number, or null, of every peer in every
 * column of every round, and a line of 90 bytes that begins a round of 10,000 peers makes 100,000 of them.
 */

/** What one record may hold. A line that goes beyond is counted as one that could not be read. */
export interface RecordLimits {
  /** Numbers and nulls in the columns of all rounds together: these are 400 MB. A thousand peers have 20 in a round. */
  readonly cells: number
  /** Names of one kind in one round. A column is made of each; the built-in methods have fewer than ten. */
  readonly names: number
  /** Heads absent, and as many refused, in one round: a thousand peers, each without every other. */
  readonly misses: number
}

export const recordLimits: RecordLimits = { cells: 50_000_000, names: 64, misses: 1_000_000 }

/** Counts the cells of a record: its columns are as long as there are members. */
export interface Cells {
  /**
   * @param many - below zero, where columns are gone
   * @throws {@link Malformed} where so many more are too many; nothing is counted then
   */
  addColumns(many: number): void
  /** @throws {@link Malformed} where the columns cannot be so long; nothing is counted then */
  lengthen(members: number): void
}

export function createCells({ cells }: Pick<RecordLimits, 'cells'>): Cells {
  let columns = 0
  let members = 0
  const count = (newColumns: number, newMembers: number): void => {
    if (newColumns * newMembers > cells) throw new Malformed()
    columns = newColumns
    members = newMembers
  }
  return {
    addColumns: many => count(columns + many, members),
    lengthen: longer => count(columns, longer),
  }
}
