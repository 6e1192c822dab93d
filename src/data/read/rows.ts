import { canonicalText } from '../labels.js'
import { type DataLimits, dataError, dataLimits } from '../limits.js'
import { type InputColumn, isInput, type TableSchema } from '../schema.js'
import { checkSize, type UnlabelledSamples } from '../source.js'
import { notInNotation } from './columns.js'
import { afterFirstLines, eachLine, type Line } from './csv.js'
import { readBytes } from './file.js'
import { cellsOf, isHeader, lengthOf } from './layout.js'
import { isMissing, isMissingNumber } from './missing.js'
import { alternatives, columnNames, placesOf } from './names.js'
import { type Decimal, numberOf, quantityOf, tableDecimal } from './notation.js'
import type { TableOptions } from './roles.js'

/** How rows are written, where they do not tell. */
export type RowOptions = Pick<TableOptions, 'header' | 'decimal'>

/*
 * Rows for a model that was trained on a table: the same columns become the same inputs, whatever else the file holds.
 */

/** Where the answers stand in the file that is read, and whether they are numbers. */
interface PlacedAnswer {
  readonly at: number
  readonly isNumber: boolean
}

/** A column that becomes inputs, and where it stands in the file that is read. */
interface Placed {
  readonly column: InputColumn
  readonly at: number
  readonly codes: ReadonlyMap<string, number> | undefined
}

/**
 * Reads a table whose answers need not be there. With a header, columns are found by their names, in any order, and others are
 * passed over; without one the file has either all columns of the training data or its inputs alone.
 *
 * @throws {@link HearsayError} `DATA` naming the column that is missing, or the cell that does not fit
 */
export async function readRows(
  path: string,
  inputShape: readonly number[],
  reading: TableSchema,
  options: RowOptions = {},
  limits: DataLimits = dataLimits,
): Promise<UnlabelledSamples> {
  const bytes = await readBytes(path, limits)
  const values: number[] = []
  const answers: string[] = []
  let size = 0
  const lines = afterFirstLines(first => {
    const { placed, answer, decimal, skips, shape } = judge(first, reading, options, path)
    let skipping = skips
    return ({ cells: all, line }) => {
      const place = `${path}:${line}`
      const cells = cellsOf(all, shape, place)
      if (skipping) {
        skipping = false
        return
      }
      checkSize(path, ++size, inputShape, 4, limits)
      for (const column of placed) readCell(values, cells[column.at]!, column, decimal, place)
      if (answer !== undefined) answers.push(answerIn(cells[answer.at]!, answer.isNumber, decimal))
    }
  })
  eachLine(bytes, path, lines.add)
  lines.end()
  if (size === 0) throw dataError(path, 'holds no rows')
  return { inputs: Float32Array.from(values), inputShape, size, ...(answers.length > 0 && { answers }) }
}

/** What the first lines tell of all: which columns are the inputs, and how numbers are written. */
function judge(
  first: readonly Line[],
  reading: TableSchema,
  { header, decimal }: RowOptions,
  path: string,
): {
  placed: Placed[]
  answer: PlacedAnswer | undefined
  decimal: Decimal | undefined
  skips: boolean
  shape: ReturnType<typeof lengthOf>
} {
  const shape = lengthOf(first)
  const [{ cells: top, line }] = first as [Line]
  const place = `${path}:${line}`
  const isNamed = header ?? reading.header
  const skips = isNamed || isHeader(first, shape.width, { header }, place)
  const isByName = isNamed && reading.header
  const answer = answerPlace(isByName ? top.slice(0, shape.width) : undefined, shape.width, reading)
  const placed = isByName ? byName(top.slice(0, shape.width), reading, place) : byPlace(shape.width, reading, place)
  const numbers = function* (): Generator<{ digits: string; place: string }> {
    for (const { cells, line } of skips ? first.slice(1) : first) {
      const numeric = answer?.isNumber === true ? [...placed, { at: answer.at, codes: undefined }] : placed
      for (const { at, codes } of numeric) {
        const quantity = codes === undefined ? quantityOf(cells[at] ?? '') : undefined
        if (quantity !== undefined) yield { digits: quantity.digits, place: `${path}:${line}` }
      }
    }
  }
  return { placed, answer, decimal: decimal ?? tableDecimal(numbers()), skips, shape }
}

/** The column with the answers, where it is one and there. */
function answerPlace(
  header: readonly string[] | undefined,
  width: number,
  reading: TableSchema,
): PlacedAnswer | undefined {
  const place = reading.columns.findIndex(column => !isInput(column) && column.kind !== 'unused')
  const column = reading.columns[place]
  if (column === undefined) return undefined
  const isNumber = column.kind === 'target'
  if (header === undefined) return width === reading.columns.length ? { at: place, isNumber } : undefined
  const [at, second] = placesOf(column.name, columnNames(header))
  return at === undefined || second !== undefined ? undefined : { at, isNumber }
}

/** '' where it is missing; a number in the notation of numbers, whatever the table's. */
function answerIn(cell: string, isNumber: boolean, decimal: Decimal | undefined): string {
  if (!isNumber) return isMissing(cell) ? '' : cell
  if (isMissingNumber(cell)) return ''
  const number = numberOf(quantityOf(cell)?.digits ?? '', decimal)
  return number === undefined ? cell : String(number)
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
  { column, codes }: Placed,
  decimal: Decimal | undefined,
  place: string,
): void {
  const { name } = column
  if (column.kind === 'number' || codes === undefined) {
    const unit = column.kind === 'number' ? column.unit : undefined
    into.push(isMissingNumber(cell) ? NaN : numberIn(cell, name, unit ?? '', decimal, place))
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

function numberIn(cell: string, name: string, unit: string, decimal: Decimal | undefined, place: string): number {
  const quantity = quantityOf(cell)
  if (quantity === undefined) {
    throw dataError(place, `${name}: "${cell}" is not a number; leave it empty if it is missing`)
  }
  if (quantity.unit !== unit) {
    const [has, knows] = [quantity.unit, unit].map(unit => (unit === '' ? 'no unit' : unit))
    throw dataError(place, `${name}: "${cell}" has ${has}, and what the model was trained with ${knows}; write it so`)
  }
  const number = numberOf(quantity.digits, decimal)
  if (number === undefined) throw dataError(place, `${name}: ${notInNotation(cell, quantity.digits, decimal)}`)
  if (Number.isFinite(Math.fround(number))) return number
  throw dataError(place, `${name}: "${cell}" is beyond float32`)
}
