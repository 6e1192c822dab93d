import { type DataLimits, dataError } from '../limits.js'
import { type Column, type PlacedCell, settleColumn } from './columns.js'
import type { Line } from './csv.js'
import { firstLineOf, hasNamesAbove } from './header.js'
import { isMissing } from './missing.js'
import { columnNames } from './names.js'
import { type Decimal, quantityOf, tableDecimal } from './notation.js'
import type { TableOptions } from './roles.js'

/** What the first lines of the first file tell of all. */
export interface Layout {
  readonly columns: Column[]
  readonly names: readonly string[] | undefined
  readonly width: number
  /** Does every line end with a separator, behind which nothing comes? */
  readonly isTrailed: boolean
}

/** The columns of a table before a cell is read; `names` are undefined where there is no header. */
export type ColumnsFor = (width: number, names: readonly string[] | undefined, source: string) => Column[]

/** A separator at the end of every line is none of a column, though CSV has an empty cell behind it. */
export function lengthOf(lines: readonly Line[]): Pick<Layout, 'width' | 'isTrailed'> {
  const { length } = lines[0]!.cells
  const isTrailed = length > 2 && lines.every(({ cells }) => cells.length === length && cells.at(-1) === '')
  return { width: isTrailed ? length - 1 : length, isTrailed }
}

/** The cells of a line, as many as the table has columns. */
export function cellsOf(
  cells: readonly string[],
  { width, isTrailed }: Pick<Layout, 'width' | 'isTrailed'>,
  place: string,
): readonly string[] {
  if (cells.length === width) return cells
  if (isTrailed && cells.length === width + 1 && cells[width] === '') return cells.slice(0, width)
  const [last] = cells.slice(-1)
  const why =
    cells.length !== width + 1
      ? 'all lines need the same; take away what is no part of the table'
      : last === ''
        ? 'does it end with a separator too many?'
        : 'does the header lack the name of a column, as of row names?'
  throw dataError(place, `has ${columnCount(cells.length)}, the first line ${width}; ${why}`)
}

function columnCount(width: number): string {
  return width === 1 ? '1 column' : `${width} columns`
}

/** A title above a table has fewer cells than its lines, which are all alike. */
function checkTitle([top, next, ...rest]: readonly Line[], path: string): void {
  if (top === undefined || next === undefined || rest.length === 0) return
  const width = next.cells.length
  if (top.cells.length >= width - 1 || rest.some(({ cells }) => cells.length !== width)) return
  throw dataError(
    `${path}:${top.line}`,
    `has ${columnCount(top.cells.length)}, and the lines beneath ${width}; is it a title? take it away, or begin it with #`,
  )
}

/** Judges a table by its first lines: its header, its columns, what they hold, how it writes numbers. */
export function layoutOf(
  first: readonly Line[],
  options: TableOptions,
  path: string,
  limits: DataLimits,
  columnsFor: ColumnsFor,
): Layout {
  const [{ cells: top, line } = { cells: [], line: 1 }, ...below] = first
  const { width, isTrailed } = lengthOf(first)
  if (width > limits.columns) throw dataError(path, `has ${width} columns; at most ${limits.columns} are read`)
  checkTitle(first, path)
  for (const { cells, line } of first) cellsOf(cells, { width, isTrailed }, `${path}:${line}`)
  const found = columnNames(top.slice(0, width))
  const names = isAgreedHeader(found, options) || isHeader(first, width, options, `${path}:${line}`) ? found : undefined
  const columns = columnsFor(width, names, path)
  if (names !== undefined) checkSecondHeader(below, path)
  const rows = names === undefined ? first : below
  for (const [i, column] of columns.entries()) {
    settleColumn(
      column,
      rows.map(({ cells, line }): PlacedCell => ({ cell: cells[i] ?? '', place: `${path}:${line}` })),
    )
  }
  settleDecimal(columns, rows, options, path)
  return { columns, names, width, isTrailed }
}

/** Of a title in line 1 and names in line 2, or names and units, one would be a row that is no sample. */
function checkSecondHeader([second, ...beneath]: readonly Line[], path: string): void {
  if (second === undefined) return
  const lines = beneath.map(({ cells }) => cells)
  if (!hasNamesAbove(second.cells, lines)) return
  throw dataError(
    `${path}:${second.line}`,
    'has names above numbers, as a header has, and there is one above it; keep one, and take titles and units away',
  )
}

/** The names that the run looks for are a header, whatever stands beneath. */
function isAgreedHeader(names: readonly string[], { agreed, header }: TableOptions): boolean {
  if (header !== undefined || agreed?.header !== true) return false
  const found = new Set(names)
  return agreed.columns.every(({ name }) => found.has(name))
}

/** Is the first of these lines a header? */
export function isHeader(
  lines: readonly Line[],
  width: number,
  { header }: Pick<TableOptions, 'header'>,
  place: string,
): boolean {
  if (header !== undefined) return header
  const [top, ...beneath] = lines.map(({ cells }) => cells.slice(0, width))
  const found = firstLineOf(top!, beneath)
  if (typeof found === 'string') return found === 'header'
  throw dataError(
    place,
    `is this line a header or a sample? It ${found.unclear}; add --header or --no-header (data.header)`,
  )
}

/**
 * Where the numbers of a file have their decimals. Each file is asked: of two sites one may write commas and the other
 * points.
 *
 * @param rows - its first ones
 */
export function settleDecimal(
  columns: readonly Column[],
  rows: readonly Line[],
  { decimal }: Pick<TableOptions, 'decimal'>,
  path: string,
): void {
  const numbers = function* (): Generator<{ digits: string; place: string }> {
    for (const { cells, line } of rows) {
      for (const [i, { holds }] of columns.entries()) {
        const cell = cells[i] ?? ''
        const quantity = holds?.kind === 'numbers' && !isMissing(cell) ? quantityOf(cell) : undefined
        if (quantity !== undefined) yield { digits: quantity.digits, place: `${path}:${line}` }
      }
    }
  }
  const before: Decimal | undefined = columns[0]?.decimal
  const mark = decimal ?? tableDecimal(numbers(), before)
  for (const column of columns) column.decimal = mark
}

/** Does another file have the same header? */
export function checkHeader(
  names: readonly string[],
  header: readonly string[],
  headerPath: string,
  place: string,
): void {
  const wrong = header.findIndex((name, i) => name !== names[i])
  if (wrong < 0) return
  throw dataError(
    place,
    `column ${wrong + 1} is "${names[wrong]}", in ${headerPath} "${header[wrong]}"; all files need the same columns in the same order`,
  )
}
