import { CsvError, parse } from 'csv-parse/sync'
import { isNumeric } from './notation.js'

/** What stands between the cells of a line; `blanks`: any run of spaces and tabs, as in columns set by hand. */
export type Separator = ',' | ';' | '\t' | '|' | 'blanks'

/** How a file writes a table as text. */
export interface Dialect {
  readonly separator: Separator
  /** Bytes and lines of comment before the table. */
  readonly comment: { readonly bytes: number; readonly lines: number }
}

/** No line of a table is longer; a quote that is never closed would otherwise swallow the whole file. */
export const lineBytes = 1 << 22

/** The dialect shows in the first lines; all of a long table need not be split five times. */
const linesTried = 100

/** Where several fit, the first of these is taken. */
const separators: readonly Separator[] = [',', ';', '\t', '|', 'blanks']

/** How tools mark lines that are no rows: `#`, `%`, `//`, and the `|` of UCI's adult.test. */
const commentMark = /^(#|%|\/\/|\|)/

/**
 * How a file separates its cells: by what splits all of its first lines alike, outside quotes. Where more than one
 * does, as in `2,28;3,07`, by what leaves no cell that still holds a separator and is no number.
 */
export function dialectOf(bytes: Uint8Array): Dialect {
  const head = firstLines(bytes)
  const marked = markedLines(head)
  const tried = separators.map(separator => {
    const { lines, isWhole } = linesOf(head.subarray(marked.at(-1)?.end ?? 0), separator)
    const width = lines[0]?.length ?? 0
    const alike = lines.filter(({ length }) => length === width).length
    const fits = isWhole && width > 1 && alike === lines.length && (separator !== 'blanks' || hasNumbers(lines))
    return { separator, lines, width, alike: width > 1 ? alike : 0, fits, unsplit: unsplitCells(lines) }
  })
  const fitting = tried.filter(({ fits }) => fits)
  // Of lines that differ the reader says which; by what splits most of them alike it says best how.
  const { separator, width } =
    fitting.length > 0
      ? fitting.reduce((best, next) => (next.unsplit < best.unsplit ? next : best))
      : tried.slice(0, -1).reduce((best, next) => (next.alike > best.alike ? next : best))
  // A header may begin with such a mark: then it has as many cells as the lines below.
  const header = marked.findIndex(({ start, end }) => {
    const { lines, isWhole } = linesOf(head.subarray(start, end), separator)
    return isWhole && lines[0]?.length === width
  })
  const lines = header < 0 ? marked.length : header
  return { separator, comment: { bytes: lines === 0 ? 0 : marked[lines - 1]!.end, lines } }
}

/** Up to the end of a line, and not more than the longest line may have. */
function firstLines(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= lineBytes) return bytes
  const end = bytes.subarray(0, lineBytes).lastIndexOf(0x0a)
  return bytes.subarray(0, end < 0 ? lineBytes : end + 1)
}

/** The lines at the beginning that are marked as comment, and where each starts and ends. */
function markedLines(head: Uint8Array): { start: number; end: number }[] {
  const marked: { start: number; end: number }[] = []
  let start = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0
  while (commentMark.test(new TextDecoder().decode(head.subarray(start, start + 2)))) {
    const end = head.indexOf(0x0a, start) + 1
    // Where every line has the mark it is part of the table.
    if (end === 0 || end === head.length) return []
    marked.push({ start, end })
    start = end
  }
  return marked
}

/** Lines split by a separator, up to the first that cannot be. */
function linesOf(head: Uint8Array, separator: Separator): { lines: string[][]; isWhole: boolean } {
  const lines: string[][] = []
  const add = (cells: string[]): void => void lines.push(cells)
  try {
    if (separator === 'blanks') splitByBlanks(head, add, linesTried)
    else splitBy(separator, head, add, linesTried)
    return { lines, isWhole: true }
  } catch (error) {
    if (error instanceof CsvError || error instanceof OpenQuote) return { lines, isWhole: false }
    throw error
  }
}

/** Blanks stand between words too: only where every line has numbers they separate columns. */
function hasNumbers(lines: readonly (readonly string[])[]): boolean {
  const rows = lines.length > 1 ? lines.slice(1) : lines
  return rows.every(cells => cells.some(isNumeric))
}

/** How many cells look as if they should be split once more. */
function unsplitCells(lines: readonly (readonly string[])[]): number {
  return lines.reduce((sum, cells) => sum + cells.filter(isUnsplit).length, 0)
}

function isUnsplit(cell: string): boolean {
  if (isNumeric(cell)) return false
  const words = cell.split(/\s+/)
  return /[,;\t|]|\S {2,}\S/.test(cell) || (words.length > 1 && words.every(isNumeric))
}

/**
 * Splits lines of CSV.
 *
 * @param onLine - gets the trimmed cells and the line number, from 1
 * @param most - so many lines are read
 * @throws `CsvError` at a line that is not CSV
 */
export function splitBy(
  separator: Exclude<Separator, 'blanks'>,
  bytes: Uint8Array,
  onLine: (cells: string[], line: number) => void,
  most?: number,
): void {
  parse(bytes, {
    bom: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    delimiter: separator,
    max_record_size: lineBytes,
    ...(most !== undefined && { to: most }),
    on_record(cells: string[], { lines }) {
      onLine(
        cells.map(cell => cell.trim()),
        lines,
      )
      return null
    },
  })
}

/** Thrown by {@link splitByBlanks}. */
export class OpenQuote extends Error {
  constructor(readonly line: number) {
    super('a quote is opened and never closed')
  }
}

/**
 * Splits lines by runs of spaces and tabs, which CSV has no word for. A quoted cell ends on its line.
 *
 * @param onLine - gets the cells and the line number, from 1
 * @param most - so many lines are read
 * @throws {@link OpenQuote}
 */
export function splitByBlanks(
  bytes: Uint8Array,
  onLine: (cells: string[], line: number) => void,
  most = Number.POSITIVE_INFINITY,
): void {
  const decoder = new TextDecoder()
  let line = 0
  let read = 0
  for (let start = 0; start < bytes.length && read < most; ) {
    const at = bytes.indexOf(0x0a, start)
    const end = at < 0 ? bytes.length : at
    line++
    const cells = decoder.decode(bytes.subarray(start, end)).match(/"(?:[^"]|"")*"(?=\s|$)|\S+/g)
    start = end + 1
    if (cells === null) continue
    if (cells.some(cell => cell.startsWith('"') && !/^"(?:[^"]|"")*"$/.test(cell))) throw new OpenQuote(line)
    read++
    onLine(
      cells.map(cell => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"').trim() : cell)),
      line,
    )
  }
}
