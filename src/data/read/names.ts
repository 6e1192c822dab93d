import { dataError } from '../limits.js'
import type { ColumnSpec } from '../spec.js'

/*
 * The names of a table's columns. Peers, and users of a trained model, find columns by them: a name that two columns
 * have would be the first of them here and perhaps the other one there.
 */

/**
 * The names in a header, spelled in one way: without blanks and byte order marks around them, and with accents as one
 * character each, as different tools write them. A column without a name is called by its place. Upper and lower case
 * differ: T may be a temperature and t a time.
 */
export function columnNames(header: readonly string[]): string[] {
  return header.map((name, i) => spelled(name) || `column ${i + 1}`)
}

function spelled(name: string): string {
  return name.normalize('NFC').trim()
}

/** Where a name stands among others: all its places, from 0. */
export function placesOf(name: string, names: readonly string[]): number[] {
  const wanted = spelled(name)
  return [...names.keys()].filter(i => names[i] === wanted)
}

/**
 * Do the columns that are used have different names?
 *
 * @param isUsed - of the column at this place, from 0
 * @param isNeeded - is it the label, or what else cannot be left out?
 * @throws {@link HearsayError} naming both columns
 */
export function checkNames(
  names: readonly string[],
  isUsed: (at: number) => boolean,
  isNeeded: (at: number) => boolean,
  source: string,
): void {
  const first = new Map<string, number>()
  for (const [at, name] of names.entries()) {
    if (!isUsed(at)) continue
    const other = first.get(name)
    if (other !== undefined) {
      const spare = isNeeded(at) ? other : at
      const rest = [...names.keys()].filter(i => i !== spare && isUsed(i))
      throw dataError(
        source,
        `columns ${other + 1} and ${at + 1} are both called "${name}", and columns are found by their names; rename one, or leave it out with --columns ${ranges(rest)} (data.columns)`,
      )
    }
    first.set(name, at)
  }
}

/** "1-3,5": places from 0 as the command line takes them. */
export function ranges(places: readonly number[]): string {
  const runs: [number, number][] = []
  for (const place of places) {
    const last = runs.at(-1)
    if (last !== undefined && last[1] === place - 1) last[1] = place
    else runs.push([place, place])
  }
  return runs.map(([from, to]) => (from === to ? `${from + 1}` : `${from + 1}-${to + 1}`)).join(',')
}

/**
 * The place of a column, from 0.
 *
 * @param names - undefined where the first line is no header
 * @param what - which option names the column, for the error
 * @throws {@link HearsayError} when there is no such column, or more than one
 */
export function placeOf(column: ColumnSpec, width: number, names: readonly string[] | undefined, what: string): number {
  if (typeof column === 'number') {
    if (column > width) throw dataError(what, `column ${column}; the table has ${width}, counted from 1`)
    return column - 1
  }
  if (names === undefined) {
    throw dataError(what, `"${column}", but the first line is no header; give the column's number, or add --header`)
  }
  const [place, second] = placesOf(column, names)
  if (place === undefined) throw dataError(what, `there is no column "${column}"; ${alternatives(column, names)}`)
  if (second !== undefined) {
    throw dataError(
      what,
      `"${column}" is the name of columns ${place + 1} and ${second + 1}; give the number of the one that is meant`,
    )
  }
  return place
}

/** What a header has instead of a name. */
export function alternatives(name: string, names: readonly string[]): string {
  const alike = names.find(other => other.toLowerCase() === name.trim().toLowerCase())
  if (alike !== undefined) return `did you mean "${alike}"?`
  const more = names.length - namesShown
  return `the header has ${names.slice(0, namesShown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const namesShown = 20
