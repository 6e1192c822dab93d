import type { Column } from '../src/watch/record/shape.js'

/* Figures over a column of peers; of those that have a number. */

export function meanOf(column: Column): number | null {
  const values = column.filter(value => value !== null)
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}

export function lowestOf(column: Column): number | null {
  const values = column.filter(value => value !== null)
  return values.length === 0 ? null : Math.min(...values)
}

export function highestOf(column: Column): number | null {
  const values = column.filter(value => value !== null)
  return values.length === 0 ? null : Math.max(...values)
}

/** What a peer's last round that has one says. */
export function lastOf(columns: readonly (Column | undefined)[], peer: number): number | null {
  return columns.findLast(column => column?.[peer] !== null && column?.[peer] !== undefined)?.[peer] ?? null
}

/** Over all rounds; null where no round has one. */
export function sumOf(columns: readonly Column[], peer: number): number | null {
  const values = columns.map(column => column[peer]).filter(value => value !== null && value !== undefined)
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0)
}
