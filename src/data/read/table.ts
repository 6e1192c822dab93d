import { canonicalText } from '../labels.js'
import { type DataLimits, dataError, dataLimits } from '../limits.js'
import type { ColumnSpec, DataSpec } from '../spec.js'
import { type Column, type ColumnRole, readCell } from './columns.js'
import { eachLine, numberOf } from './csv.js'
import { checkNames, columnNames, placeOf } from './names.js'

/** What of the data section tells how tables are read. */
export type TableOptions = Pick<
  DataSpec,
  'label' | 'target' | 'peerColumn' | 'columns' | 'header' | 'categorical' | 'inputShape'
>

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
  place(row: number): string
}

/** One file of a table. */
export interface TableFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/**
 * Reads files with the same columns into one table, so that a text means the same category in all of them.
 *
 * @throws {@link HearsayError} naming file, line and column of what is wrong
 */
export function decodeTable(
  files: readonly TableFile[],
  options: TableOptions,
  limits: DataLimits = dataLimits,
): Table {
  let columns: Column[] | undefined
  let header: readonly string[] | undefined
  let width = 0
  let rows = 0
  let cells = new Float64Array(0)
  let fileOf = new Uint16Array(0)
  let lineOf = new Uint32Array(0)

  const append = (values: readonly string[], file: number, line: number): void => {
    const place = `${files[file]!.path}:${line}`
    if (values.length !== width) {
      throw dataError(place, `has ${values.length} columns, the first line ${width}; all lines need the same`)
    }
    if (rows === fileOf.length) {
      const capacity = Math.max(1024, rows * 2)
      // Twice the limit at most: the room grows by doubling.
      if (capacity * width * 8 > limits.inflatedBytes * 2)
        throw dataError(place, `the table is too large; at most ${limits.inflatedBytes} bytes are held`)
      cells = grown(cells, new Float64Array(capacity * width))
      fileOf = grown(fileOf, new Uint16Array(capacity))
      lineOf = grown(lineOf, new Uint32Array(capacity))
    }
    for (let i = 0; i < width; i++) cells[rows * width + i] = readCell(columns![i]!, values[i]!, place, limits)
    fileOf[rows] = file
    lineOf[rows++] = line
  }
  const begin = (first: readonly string[], second: readonly string[] | undefined, path: string): void => {
    width = first.length
    if (width < 2)
      throw dataError(
        path,
        'has only one column; a label and at least one feature are needed, separated by , or ; or tabs',
      )
    if (width > limits.columns) throw dataError(path, `has ${width} columns; at most ${limits.columns} are read`)
    if (options.header ?? looksLikeHeader(first, second)) header = columnNames(first)
    columns = columnsOf(width, header, options, path, limits)
  }

  for (const [file, { path, bytes }] of files.entries()) {
    let first: { values: readonly string[]; line: number } | undefined
    const open = (second?: readonly string[]): void => {
      if (first === undefined) return
      if (columns === undefined) begin(first.values, second, path)
      if (header === undefined) append(first.values, file, first.line)
      else checkHeader(columnNames(first.values), header, files[0]!.path, `${path}:${first.line}`)
      first = undefined
    }
    let started = false
    eachLine(bytes, path, (values, line) => {
      if (started) {
        open(values)
        append(values, file, line)
      } else {
        // Whether the first line is a header shows only beside the second.
        first = { values, line }
        started = true
      }
    })
    open()
    if (!started) throw dataError(path, 'is empty')
  }
  if (rows === 0) throw dataError(files[0]!.path, 'has a header but no rows')
  return {
    columns: columns!,
    header: header !== undefined,
    cells: cells.subarray(0, rows * width),
    files: fileOf.subarray(0, rows),
    lines: lineOf.subarray(0, rows),
    rows,
    place: row => `${files[fileOf[row]!]!.path}:${lineOf[row]}`,
  }
}

function grown<T extends Float64Array | Uint16Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** Names only, above at least one number. */
function looksLikeHeader(first: readonly string[], second: readonly string[] | undefined): boolean {
  const names = first.some(cell => cell !== '') && first.every(cell => numberOf(cell) === undefined && cell !== '?')
  return names && (second ?? []).some(cell => numberOf(cell) !== undefined)
}

function checkHeader(names: readonly string[], header: readonly string[], headerPath: string, place: string): void {
  const wrong = header.findIndex((name, i) => name !== names[i])
  if (wrong >= 0 || names.length !== header.length) {
    const at = wrong >= 0 ? wrong : header.length
    throw dataError(
      place,
      `column ${at + 1} is "${names[at] ?? ''}", in ${headerPath} "${header[at] ?? ''}"; all files need the same columns`,
    )
  }
}

function columnsOf(
  width: number,
  header: readonly string[] | undefined,
  options: TableOptions,
  path: string,
  limits: DataLimits,
): Column[] {
  const at = (column: ColumnSpec, field: string): number => placeOf(column, width, header, `${path}: data.${field}`)
  const roles = new Map<number, ColumnRole>()
  const values = new Map<number, readonly string[]>()
  for (const entry of options.categorical ?? []) {
    const index = at(typeof entry === 'object' ? entry.column : entry, 'categorical')
    roles.set(index, 'categorical')
    if (typeof entry === 'object') values.set(index, entry.values.map(canonicalText))
  }
  if (options.label !== undefined && options.target !== undefined) {
    throw dataError(`${path}: data.target`, 'does not go with data.label; keep the one that is to be predicted')
  }
  const target = options.target === undefined ? undefined : at(options.target, 'target')
  const label = target === undefined ? at(options.label ?? width, 'label') : undefined
  const peer = options.peerColumn === undefined ? undefined : at(options.peerColumn, 'peerColumn')
  for (const [index, role] of [
    [label, 'label'],
    [target, 'target'],
    [peer, 'peer'],
  ] as const) {
    if (index === undefined) continue
    if (roles.has(index)) throw dataError(path, `column ${index + 1} cannot be both ${roles.get(index)} and ${role}`)
    roles.set(index, role)
  }
  if (options.columns !== undefined) {
    const used = new Set(options.columns.map(column => at(column, 'columns')))
    if (label !== undefined && options.label === undefined && !used.has(label)) {
      const last = header?.[label] ?? String(width)
      throw dataError(
        `${path}: data.columns`,
        `leaves out the last column (${last}), which is the label where data.label names none; add it, or name the label`,
      )
    }
    const listed = options.categorical?.map(entry =>
      at(typeof entry === 'object' ? entry.column : entry, 'categorical'),
    )
    const lost = listed?.find(index => !used.has(index))
    if (lost !== undefined) throw dataError(path, `column ${lost + 1} is in data.categorical and not in data.columns`)
    for (let i = 0; i < width; i++) if (!used.has(i) && !roles.has(i)) roles.set(i, 'unused')
  }
  if (header !== undefined) checkNames(header, i => roles.get(i) !== 'unused', `${path}:1`)
  const features = Array.from({ length: width }, (_, i) => roles.get(i) ?? 'feature')
  if (!features.some(role => role === 'feature' || role === 'categorical')) {
    throw dataError(path, 'has no column left for features')
  }
  return Array.from({ length: width }, (_, i) => {
    const listed = values.get(i)
    if (listed !== undefined && listed.length > limits.categories) {
      throw dataError('data.categorical', `column ${i + 1} lists ${listed.length} values; at most ${limits.categories}`)
    }
    return {
      role: roles.get(i) ?? 'feature',
      name: header?.[i] ?? `column ${i + 1}`,
      title: header === undefined ? `column ${i + 1}` : `column ${i + 1} ("${header[i]}")`,
      texts: new Map([...new Set(listed)].map((text, code) => [text, code])),
      closed: listed !== undefined,
      firstText: undefined,
      hasNumbers: false,
    }
  })
}
