import { shown } from '../foreign.js'
import { sharedNumbers } from './dataset.js'
import { dataError } from './limits.js'
import { isInput, type SchemaColumn, type TableSchema, widthOf } from './schema.js'

/*
 * Rows that were read by one schema, placed as another has them: by the names of columns and categories.
 */

/** How many names an error lists of a kind, and how much of each. */
const namesQuoted = 8
const nameLength = 40

/** Names and categories as errors list them, in quotes: a few of them, and not the whole of a long one. */
export function quoted(texts: readonly string[]): string {
  const more = texts.length - namesQuoted
  const names = texts.slice(0, namesQuoted).map(text => `"${shown(text, nameLength)}"`)
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const kinds: Readonly<Record<SchemaColumn['kind'], string>> = {
  number: 'numbers',
  category: 'categories',
  label: 'the label',
  target: 'the number to predict',
  unused: 'nothing that is used',
}

/** The columns of a file before a cell is read. */
export interface FoundColumns {
  readonly header: boolean
  readonly width: number
  /** Of those that are used. */
  readonly names: readonly string[]
}

/**
 * Has a file the columns that are agreed on, and no others?
 *
 * @throws {@link HearsayError} `DATA` naming every column that is missing, and every other, and what to do
 */
export function checkColumns({ header, width, names }: FoundColumns, agreed: TableSchema, source: string): void {
  const needed = agreed.columns.filter(({ kind }) => kind !== 'unused').map(({ name }) => name)
  if (header !== agreed.header) {
    throw dataError(
      source,
      agreed.header
        ? `its first line is no header, and the run finds columns by their names; write one above it, with ${quoted(needed)}, or add --header where it is one`
        : 'its first line is a header, and the run, whose tables have none, finds columns by their places; take it away and bring the columns into the order of the run, or add --no-header where it is none',
    )
  }
  if (!header && width !== agreed.columns.length) {
    throw dataError(
      source,
      `has ${width} columns; the run, whose tables have no header, needs ${agreed.columns.length} in its order`,
    )
  }
  const [own, wanted] = [new Set(names), new Set(needed)]
  const missing = needed.filter(name => !own.has(name))
  const extra = names.filter(name => !wanted.has(name))
  const problems = [
    ...(missing.length === 0
      ? []
      : [
          `lacks ${columnWord(missing)} ${quoted(missing)} of the run${otherwiseCalled(missing, extra)}: add what is missing, and leave cells empty where nothing is known`,
        ]),
    ...(extra.length === 0
      ? []
      : [
          `has ${columnWord(extra)} ${quoted(extra)}, which the run has not: leave out what is too much with --columns (data.columns)`,
        ]),
  ]
  if (problems.length > 0) throw dataError(source, problems.join('; '))
}

/** A column may be there, in another spelling. */
function otherwiseCalled(missing: readonly string[], extra: readonly string[]): string {
  const folded = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, '')
  for (const name of missing) {
    const other = extra.find(other => folded(other) === folded(name))
    if (other !== undefined) return `; rename ${quoted([other])} if it is ${quoted([name])}`
  }
  return ''
}

/**
 * Can rows of one schema be placed as another has them? Categories that they lack are no mistake.
 *
 * @param source - the file
 * @throws {@link HearsayError} `DATA` naming every column and category that does not fit, and what to do
 */
export function checkTable(own: TableSchema, agreed: TableSchema, source: string): void {
  const names = own.columns.filter(({ kind }) => kind !== 'unused').map(({ name }) => name)
  checkColumns({ header: own.header, width: own.columns.length, names }, agreed, source)
  const problems = columnProblems(own, agreed)
  if (problems.length > 0) throw dataError(source, problems.join('; '))
}

/** A file may have as many columns that do not fit as it has columns; an error does not. */
const problemsShown = 3

function columnProblems(own: TableSchema, agreed: TableSchema): string[] {
  const owns = byName(own)
  const problems = agreed.columns.flatMap(column => {
    const other = owns.get(column.name)
    if (other === undefined) return []
    const title = `column ${quoted([column.name])}`
    if (other.kind !== column.kind) {
      const texts = other.kind === 'category' ? ` (${quoted(other.values)})` : ''
      return [
        `${title} holds ${kinds[other.kind]}${texts} here and ${kinds[column.kind]} in the run: correct it, or let the peer that starts the run list it under data.categorical`,
      ]
    }
    const [unit, agreedUnit] = [unitOf(other), unitOf(column)]
    if (unit !== agreedUnit) {
      return [`${title} is ${unit} here and ${agreedUnit} in the run: convert it, and write it so`]
    }
    if (other.kind !== 'category' || column.kind !== 'category') return []
    const known = new Set(column.values)
    const unknown = other.values.filter(value => !known.has(value))
    if (unknown.length === 0) return []
    return [
      `${title} has ${unknown.length === 1 ? 'the category' : 'the categories'} ${quoted(unknown)}, which the run does not have (${quoted(column.values)}): let the peer that starts it list all under data.categorical, or agree beforehand with hearsay data --schema`,
    ]
  })
  const more = problems.length - problemsShown
  return more > 0 ? [...problems.slice(0, problemsShown), `${more} more columns do not fit`] : problems
}

function unitOf(column: SchemaColumn): string {
  const unit = column.kind === 'number' || column.kind === 'target' ? column.unit : undefined
  return unit === undefined ? 'without a unit' : `in ${quoted([unit])}`
}

function columnWord({ length }: readonly string[]): string {
  return length === 1 ? 'the column' : 'the columns'
}

/**
 * Rows as another schema has them, on shared memory. A category that only the other schema has is 0 in all rows, as in
 * any table where nothing is of it; a missing value (NaN) is missing in all inputs of its column.
 *
 * @param inputs - rows × the inputs that `own` makes
 * @param agreed - fits `own`, see {@link checkTable}
 * @returns rows × the inputs that `agreed` makes
 */
export function placeRows(inputs: Float32Array, rows: number, own: TableSchema, agreed: TableSchema): Float32Array {
  const width = own.columns.reduce((sum, column) => sum + widthOf(column), 0)
  const { from, isKnown } = sources(own, agreed)
  const placed = sharedNumbers(rows * from.length)
  for (let row = 0; row < rows; row++) {
    for (let to = 0; to < from.length; to++) {
      const value = inputs[row * width + from[to]!]!
      placed[row * from.length + to] = isKnown[to] || Number.isNaN(value) ? value : 0
    }
  }
  return placed
}

/**
 * Where each input comes from. Of a category that is not here it is the first input of its column, which only shows
 * whether the value is missing.
 */
function sources(own: TableSchema, agreed: TableSchema): { from: number[]; isKnown: boolean[] } {
  const starts = new Map<string, { readonly column: SchemaColumn; readonly start: number }>()
  let start = 0
  for (const column of own.columns) {
    starts.set(column.name, { column, start })
    start += widthOf(column)
  }
  const from: number[] = []
  const isKnown: boolean[] = []
  for (const column of agreed.columns.filter(isInput)) {
    const { column: other, start } = starts.get(column.name)!
    const places = other.kind === 'category' ? new Map(other.values.map((value, at) => [value, at])) : undefined
    for (const value of column.kind === 'category' ? column.values : [undefined]) {
      const place = value === undefined ? 0 : places?.get(value)
      from.push(start + (place ?? 0))
      isKnown.push(place !== undefined)
    }
  }
  return { from, isKnown }
}

function byName({ columns }: TableSchema): Map<string, SchemaColumn> {
  return new Map(columns.map(column => [column.name, column]))
}
