import { type DataLimits, dataError, dataLimits } from '../limits.js'
import { placeRows } from '../placing.js'
import type { Reading } from '../reading.js'
import { isInput, type SchemaColumn, type TableSchema } from '../schema.js'
import { checkSize, type UnlabelledSamples } from '../source.js'
import { type Column, textIn } from './columns.js'
import { bytesOf } from './file.js'
import { isMissing, isMissingNumber } from './missing.js'
import { alternatives, columnNames, placesOf } from './names.js'
import { numberOf, quantityOf } from './notation.js'
import type { TableOptions } from './roles.js'
import { decodeTable, type Table } from './table.js'
import { featuresOf } from './tables.js'

/** How rows are written, where they do not tell. */
export type RowOptions = Pick<TableOptions, 'header' | 'decimal'>

/*
 * Rows for a model that was trained on a table: the same columns become the same inputs, whatever else the file holds.
 */

/**
 * Reads a table whose answers need not be there. With a header, columns are found by their names, in any order, and
 * others are passed over; without one the file has either all columns of the training data or its inputs alone.
 *
 * @throws {@link HearsayError} `DATA` naming the column that is missing, or the cell that does not fit
 */
export async function readRows(
  path: string,
  inputShape: readonly number[],
  schema: TableSchema,
  options: RowOptions = {},
  limits: DataLimits = dataLimits,
  reading: Reading = {},
): Promise<UnlabelledSamples> {
  const header = options.header ?? (schema.header ? true : undefined)
  let found: Found = new Map()
  const columnsFor = (width: number, names: readonly string[] | undefined, source: string): Column[] => {
    const isNamed = names !== undefined && schema.header
    found = isNamed ? byName(names, schema, `${source}:1`) : byPlace(width, schema, source)
    return Array.from({ length: width }, (_, i) => columnOf(found.get(i), i, names))
  }
  const table = await decodeTable(
    [{ path, bytes: bytesOf(path, limits, reading) }],
    { ...options, ...(header !== undefined && { header }) },
    limits,
    columnsFor,
  )
  const size = table.rows
  checkSize(path, size, inputShape, 4, limits)
  const own = [...found].sort(([a], [b]) => a - b).map(([, column]) => column)
  const inputs = placeRows(featuresOf(table), size, { header: table.header, columns: own }, schema)
  const answers = answersIn(table)
  return { inputs, inputShape, size, ...(answers && { answers }) }
}

/** Which columns of the training data stand where in the file that is read, from 0. */
type Found = ReadonlyMap<number, SchemaColumn>

function byName(names: readonly string[], schema: TableSchema, source: string): Found {
  const found = new Map<number, SchemaColumn>()
  for (const column of schema.columns) {
    const [at, second] = placesOf(column.name, columnNames(names))
    if (isInput(column)) {
      if (at === undefined) {
        throw dataError(
          source,
          `there is no column "${column.name}", which the model was trained with; ${alternatives(column.name, names)}`,
        )
      }
      if (second !== undefined) {
        throw dataError(
          source,
          `columns ${at + 1} and ${second + 1} are both called "${column.name}", which the model was trained with; rename the one that is not meant`,
        )
      }
    }
    if (at !== undefined && second === undefined) found.set(at, column)
  }
  return found
}

function byPlace(width: number, { columns }: TableSchema, source: string): Found {
  const inputs = columns.filter(isInput)
  if (width === inputs.length) return new Map(inputs.entries())
  if (width === columns.length) return new Map(columns.entries())
  throw dataError(
    source,
    `has ${width} columns; the model takes ${inputs.length}, or all ${columns.length} of the training data`,
  )
}

/** What is known of a column before a cell is read, which is all: a model takes what it was trained with. */
function columnOf(known: SchemaColumn | undefined, i: number, names: readonly string[] | undefined): Column {
  const name = names?.[i] ?? known?.name ?? `column ${i + 1}`
  const isNumber = known?.kind === 'number' || known?.kind === 'target'
  return {
    role: known === undefined ? 'unused' : rolesAsked[known.kind],
    name,
    title: names === undefined ? `column ${i + 1}` : `column ${i + 1} ("${name}")`,
    texts: new Map(known?.kind === 'category' ? known.values.map((text, code) => [text, code]) : []),
    closed: known?.kind === 'category',
    asked: true,
    decimal: undefined,
    holds: isNumber ? { kind: 'numbers', unit: known.unit ?? '', place: '' } : undefined,
    padded: undefined,
  }
}

const rolesAsked: Readonly<Record<SchemaColumn['kind'], Column['role']>> = {
  number: 'feature',
  category: 'categorical',
  label: 'answer',
  target: 'answer',
  unused: 'unused',
}

/** One a row, '' where it is missing; numbers in the notation of numbers, whatever the table's. */
function answersIn({ columns, cells, rows }: Table): string[] | undefined {
  const at = columns.findIndex(({ role }) => role === 'answer')
  const column = columns[at]
  if (column === undefined) return undefined
  const texts = [...column.texts.keys()].map(text => answerOf(text, column))
  return Array.from({ length: rows }, (_, row) => texts[cells[row * columns.length + at]!] ?? '')
}

function answerOf(text: string, column: Column): string {
  const { holds, decimal } = column
  if (holds === undefined) return isMissing(text) ? '' : textIn(column, text)
  if (isMissingNumber(text)) return ''
  const number = numberOf(quantityOf(text)?.digits ?? '', decimal)
  return number === undefined ? text : String(number)
}
