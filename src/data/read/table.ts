import { type DataLimits, dataError, dataLimits } from '../limits.js'
import { type Column, readCell } from './columns.js'
import { afterFirstLines, eachLine, type Line } from './csv.js'
import type { Pieces } from './file.js'
import { type ColumnsFor, cellsOf, checkHeader, type Layout, layoutOf, settleDecimal } from './layout.js'
import { columnNames } from './names.js'
import { columnsOf, type TableOptions } from './roles.js'

/** The cells of one or several files with the same columns. */
export interface Table {
  readonly columns: readonly Column[]
  /** Is the first line one? */
  readonly header: boolean
  /** rows × columns, see {@link readCell}. */
  readonly cells: Float64Array
  /** Where each row stands. */
  readonly files: Uint16Array
  readonly lines: Uint32Array
  readonly rows: number
  /** Lines of comment that stood before the table. */
  readonly comments: number
  place(row: number): string
}

/** One file of a table. */
export interface TableFile {
  readonly path: string
  readonly bytes: Pieces
}

/**
 * Reads files with the same columns into one table, so that a text means the same category in all of them.
 *
 * @param columnsFor - what each column is for. @default as the options say
 * @throws {@link HearsayError} naming file, line and column of what is wrong
 */
export async function decodeTable(
  files: readonly TableFile[],
  options: TableOptions,
  limits: DataLimits = dataLimits,
  columnsFor: ColumnsFor = (width, names, source) => columnsOf(width, names, options, source, limits),
): Promise<Table> {
  const rows = createRows(files, limits)
  let layout: Layout | undefined
  let comments = 0
  for (const [file, { path, bytes }] of files.entries()) {
    let isFirst = true
    const append = ({ cells, line }: Line): void => {
      const { columns, names } = layout!
      const place = `${path}:${line}`
      const whole = cellsOf(cells, layout!, place)
      if (isFirst && names !== undefined) checkHeader(columnNames(whole), names, files[0]!.path, place)
      else rows.append(whole, columns, file, line)
      isFirst = false
    }
    const lines = afterFirstLines(first => {
      if (layout === undefined) layout = layoutOf(first, options, path, limits, columnsFor)
      else settleDecimal(layout.columns, layout.names === undefined ? first : first.slice(1), options, path)
      return append
    })
    comments += await eachLine(bytes, path, lines.add, limits)
    lines.end()
    if (isFirst) throw dataError(path, 'is empty')
  }
  const { columns, names } = layout!
  return { columns, header: names !== undefined, comments, ...rows.end() }
}

interface Rows {
  append(cells: readonly string[], columns: readonly Column[], file: number, line: number): void
  end(): Pick<Table, 'cells' | 'files' | 'lines' | 'rows' | 'place'>
}

/** Rows as numbers, in room that grows by doubling. */
function createRows(paths: readonly TableFile[], limits: DataLimits): Rows {
  let rows = 0
  let width = 0
  let cells = new Float64Array(0)
  let files = new Uint16Array(0)
  let lines = new Uint32Array(0)
  return {
    append(texts, columns, file, line) {
      width = columns.length
      const place = `${paths[file]!.path}:${line}`
      if (rows === files.length) {
        const capacity = Math.max(1024, rows * 2)
        if (capacity * width * 8 > limits.inflatedBytes * 2)
          throw dataError(place, `the table is too large; at most ${limits.inflatedBytes} bytes are held`)
        cells = grown(cells, new Float64Array(capacity * width))
        files = grown(files, new Uint16Array(capacity))
        lines = grown(lines, new Uint32Array(capacity))
      }
      for (let i = 0; i < width; i++) cells[rows * width + i] = readCell(columns[i]!, texts[i]!, place, limits)
      files[rows] = file
      lines[rows++] = line
    },
    end() {
      if (rows === 0) throw dataError(paths[0]!.path, 'has a header but no rows')
      return {
        cells: cells.subarray(0, rows * width),
        files: files.subarray(0, rows),
        lines: lines.subarray(0, rows),
        rows,
        place: row => `${paths[files[row]!]!.path}:${lines[row]}`,
      }
    },
  }
}

function grown<T extends Float64Array | Uint16Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
