import { inputSize } from '../dataset.js'
import { canonicalText } from '../labels.js'
import { type DataLimits, dataError, dataLimits } from '../limits.js'
import { type InputColumn, isInput, type TableSchema } from '../schema.js'
import { checkSize, type UnlabelledSamples } from '../source.js'
import { eachLine, isMissing, numberOf } from './csv.js'
import { readBytes } from './file.js'
import { alternatives, columnNames, placesOf } from './names.js'

/*
 * Rows for a model that was trained on a table: the same columns become the same inputs, whatever else the file holds.
 */

/** A column that becomes inputs, and where it stands in the file that is read. */
interface Placed {
  readonly column: InputColumn
  readonly at: number
  readonly codes: ReadonlyMap<string, number> | undefined
}

/**
 * Reads a table without its labels. With a header, columns are found by their names, in any order, and others are
 * passed over; without one the file has either all columns of the training data or its inputs alone.
 *
 * @throws {@link HearsayError} `DATA` naming the column that is missing, or the cell that does not fit
 */
export async function readRows(
  path: string,
  inputShape: readonly number[],
  reading: TableSchema,
  limits: DataLimits = dataLimits,
): Promise<UnlabelledSamples> {
  const bytes = await readBytes(path, limits)
  const width = inputSize(inputShape)
  const values: number[] = []
  let placed: readonly Placed[] | undefined
  let columns = 0
  let size = 0
  eachLine(bytes, path, (cells, line) => {
    const place = `${path}:${line}`
    if (placed === undefined) {
      columns = cells.length
      placed = reading.header ? byName(cells, reading, place) : byPlace(cells.length, reading, place)
      if (reading.header) return
    }
    if (cells.length !== columns) {
      throw dataError(place, `has ${cells.length} columns, the first line ${columns}; all lines need the same`)
    }
    checkSize(path, ++size, inputShape, 4, limits)
    for (const { column, at, codes } of placed) readCell(values, cells[at]!, column, codes, place)
  })
  if (size === 0) throw dataError(path, 'holds no rows')
  const inputs = Float32Array.from(values)
  const infinite = inputs.findIndex(value => value === Infinity || value === -Infinity)
  if (infinite >= 0) throw dataError(path, `row ${Math.floor(infinite / width) + 1}: a number is beyond float32`)
  return { inputs, inputShape, size }
}

function byName(header: readonly string[], reading: TableSchema, place: string): Placed[] {
  const names = columnNames(header)
  return reading.columns.filter(isInput).map(column => {
    const [at, second] = placesOf(column.name, names)
    if (at === undefined) {
      throw dataError(
        place,
        `there is no column "${column.name}", which the model was trained with; ${alternatives(column.name, names)}`,
      )
    }
    if (second !== undefined) {
      throw dataError(
        place,
        `columns ${at + 1} and ${second + 1} are both called "${column.name}", which the model was trained with; rename the one that is not meant`,
      )
    }
    return placedAt(column, at)
  })
}

function byPlace(width: number, reading: TableSchema, place: string): Placed[] {
  const inputs = reading.columns.filter(isInput)
  if (width === inputs.length) return inputs.map(placedAt)
  if (width === reading.columns.length) return inputs.map(column => placedAt(column, reading.columns.indexOf(column)))
  throw dataError(
    place,
    `has ${width} columns; the model takes ${inputs.length}, or all ${reading.columns.length} of the training data`,
  )
}

function placedAt(column: InputColumn, at: number): Placed {
  const codes = column.kind === 'number' ? undefined : new Map(column.values.map((text, code) => [text, code]))
  return { column, at, codes }
}

/** As the reader of training data does it: a number, or an input for each category; missing values are NaN. */
function readCell(
  into: number[],
  cell: string,
  column: InputColumn,
  codes: ReadonlyMap<string, number> | undefined,
  place: string,
): void {
  const { name } = column
  if (column.kind === 'number' || codes === undefined) {
    const number = isMissing(cell) ? NaN : numberOf(cell)
    if (number === undefined)
      throw dataError(place, `${name}: "${cell}" is not a number; leave it empty if it is missing`)
    into.push(number)
    return
  }
  const { values } = column
  const code = isMissing(cell) ? undefined : codes.get(canonicalText(cell))
  if (code === undefined && !isMissing(cell)) {
    throw dataError(
      place,
      `${name}: "${cell}" is none of the values that the model knows: ${values.slice(0, 20).join(', ')}; leave it empty if it is missing`,
    )
  }
  for (let i = 0; i < values.length; i++) into.push(code === undefined ? NaN : i === code ? 1 : 0)
}
