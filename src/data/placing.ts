import { sharedNumbers } from './dataset.js'
import { dataError } from './limits.js'
import { isInput, type SchemaColumn, type TableSchema, widthOf } from './schema.js'

/*
 * Rows that were read by one schema, placed as another has them: by the names of columns and categories.
 */

/** How many names an error lists of a kind. */
const namesShown = 8

/** Names from files and from strangers, quoted, so that they stay short and on their line. */
export function shown(texts: readonly string[]): string {
  const more = texts.length - namesShown
  const names = texts
    .slice(0, namesShown)
    .map(text => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text))
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const kinds: Readonly<Record<SchemaColumn['kind'], string>> = {
  number: 'numbers',
  category: 'categories',
  label: 'the label',
  target: 'the number to predict',
  unused: 'nothing that is used',
}

/**
 * Can rows of one schema be placed as another has them? Categories that they lack are no mistake.
 *
 * @param source - the file
 * @throws {@link HearsayError} `DATA` naming every column and category that does not fit, and what to do
 */
export function checkTable(own: TableSchema, agreed: TableSchema, source: string): void {
  const names = agreed.columns.map(({ name }) => name)
  if (own.header !== agreed.header) {
    throw dataError(
      source,
      agreed.header
        ? `its first line is no header, and columns are found by their names; write one above it, with ${shown(names)}`
        : 'its first line is a header, and columns are found by their places, as the tables of the run have none; take it away, and bring the columns into the order of the run',
    )
  }
  if (!agreed.header && own.columns.length !== names.length) {
    throw dataError(
      source,
      `has ${own.columns.length} columns; the run needs ${names.length}, which it finds by their places`,
    )
  }
  const problems = [...missingAndExtra(own, agreed), ...columnProblems(own, agreed)]
  if (problems.length > 0) throw dataError(source, problems.join('. '))
}

function missingAndExtra(own: TableSchema, agreed: TableSchema): string[] {
  const [owns, agreeds] = [byName(own), byName(agreed)]
  const missing = agreed.columns.map(({ name }) => name).filter(name => !owns.has(name))
  const extra = own.columns.filter(column => isInput(column) && !agreeds.has(column.name)).map(({ name }) => name)
  return [
    ...(missing.length === 0 ? [] : [`It lacks ${columnWord(missing)} ${shown(missing)}, which the run needs`]),
    ...(extra.length === 0
      ? []
      : [
          `The run does not have ${columnWord(extra)} ${shown(extra)}; leave ${extra.length === 1 ? 'it' : 'them'} out with --columns (data.columns)`,
        ]),
  ]
}

/** A file may have as many columns that do not fit as it has columns; an error does not. */
const problemsShown = 4

function columnProblems(own: TableSchema, agreed: TableSchema): string[] {
  const owns = byName(own)
  const problems = agreed.columns.flatMap(column => {
    const other = owns.get(column.name)
    if (other === undefined) return []
    const title = `Column ${shown([column.name])}`
    if (other.kind !== column.kind) {
      const texts = other.kind === 'category' ? ` (${shown(other.values)})` : ''
      return [
        `${title} holds ${kinds[other.kind]}${texts} here and ${kinds[column.kind]} in the run; correct it, or let whoever starts the run list it under data.categorical`,
      ]
    }
    const [unit, agreedUnit] = [unitOf(other), unitOf(column)]
    if (unit !== agreedUnit) {
      return [`${title} is ${unit} here and ${agreedUnit} in the run; convert it, and write it so`]
    }
    if (other.kind !== 'category' || column.kind !== 'category') return []
    const known = new Set(column.values)
    const unknown = other.values.filter(value => !known.has(value))
    if (unknown.length === 0) return []
    return [
      `${title} has ${unknown.length === 1 ? 'the category' : 'the categories'} ${shown(unknown)}, which the run does not know (${shown(column.values)}); let whoever starts it list all under data.categorical, or agree beforehand with hearsay data --schema`,
    ]
  })
  const more = problems.length - problemsShown
  return more > 0 ? [...problems.slice(0, problemsShown), `${more} more columns do not fit`] : problems
}

function unitOf(column: SchemaColumn): string {
  const unit = column.kind === 'number' || column.kind === 'target' ? column.unit : undefined
  return unit === undefined ? 'without a unit' : `in ${shown([unit])}`
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
 * Where each input comes from. Of a category that is not here it is the first input of its column, which only tells
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
