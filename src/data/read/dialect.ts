import { isNumeric } from './notation.js'
import { type Separator, splitStart } from './split-lines.js'

/** How a file writes a table as text. */
export interface Dialect {
  readonly separator: Separator
  /** Bytes and lines of comment before the table. */
  readonly comment: { readonly bytes: number; readonly lines: number }
}

/** The dialect shows in the first lines; all of a long table need not be split five times. */
const linesTried = 100

/** Where several fit, the first of these is taken. */
const separators: readonly Separator[] = [',', ';', '\t', '|', 'blanks']

/** How tools mark lines that are no rows: `#`, `%`, `//`, the `|` of UCI's adult.test, and Excel's `sep=;`. */
const commentMark = /^(#|%|\/\/|\||sep=)/i
const excelMark = /^sep=/i

/**
 * How a file separates its cells: by what splits all of its first lines alike, outside quotes. Where more than one
 * does, as in `2,28;3,07`, by what leaves no cell that still holds a separator and is no number.
 *
 * @param start - the file's beginning; more of it than the longest line is not looked at
 */
export function dialectOf(start: Uint8Array, lineBytes: number): Dialect {
  const head = firstLines(start, lineBytes)
  const marked = markedLines(head)
  const table = head.subarray(marked.at(-1)?.end ?? 0)
  const tried: Split[] = []
  for (const separator of separators) {
    const split = splitBy(separator, table, lineBytes)
    tried.push(split)
    // None can fit better, and before equals the first is taken.
    if (split.fits && split.unsplit === 0) break
  }
  const fitting = tried.filter(({ fits }) => fits)
  // The reader reports which lines differ; split by the separator that splits most lines alike, it describes the
  // difference best.
  const { separator, width } =
    fitting.length > 0
      ? fitting.reduce((best, next) => (next.unsplit < best.unsplit ? next : best))
      : tried.slice(0, -1).reduce((best, next) => (next.alike > best.alike ? next : best))
  // A header may begin with such a mark: then it has as many cells as the lines below.
  const header = marked.findIndex(({ start, end }) => {
    if (excelMark.test(startOf(head, start))) return false
    const { lines, isWhole } = splitStart(separator, head.subarray(start, end), linesTried, lineBytes)
    return isWhole && lines[0]?.length === width
  })
  const lines = header < 0 ? marked.length : header
  return { separator, comment: { bytes: lines === 0 ? 0 : marked[lines - 1]!.end, lines } }
}

/** The first lines, split by one of the separators. */
interface Split {
  readonly separator: Separator
  /** Cells of the first line. */
  readonly width: number
  /** So many lines have as many. */
  readonly alike: number
  readonly fits: boolean
  /** See {@link unsplitCells}. */
  readonly unsplit: number
}

function splitBy(separator: Separator, table: Uint8Array, lineBytes: number): Split {
  const { lines, isWhole } = splitStart(separator, table, linesTried, lineBytes)
  const width = lines[0]?.length ?? 0
  const alike = lines.filter(({ length }) => length === width).length
  const fits = isWhole && width > 1 && alike === lines.length && (separator !== 'blanks' || hasNumbers(lines))
  return { separator, width, alike: width > 1 ? alike : 0, fits, unsplit: unsplitCells(lines) }
}

/** Up to the end of a line, and not more than the longest line may have. */
function firstLines(bytes: Uint8Array, lineBytes: number): Uint8Array {
  if (bytes.length <= lineBytes) return bytes
  const end = bytes.subarray(0, lineBytes).lastIndexOf(0x0a)
  return bytes.subarray(0, end < 0 ? lineBytes : end + 1)
}

/** The lines at the beginning that are marked as comment, and where each starts and ends. */
function markedLines(head: Uint8Array): { start: number; end: number }[] {
  const marked: { start: number; end: number }[] = []
  let start = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0
  while (commentMark.test(startOf(head, start))) {
    const end = head.indexOf(0x0a, start) + 1
    // Where every line has the mark it is part of the table.
    if (end === 0 || end === head.length) return []
    marked.push({ start, end })
    start = end
  }
  return marked
}

/** As much of a line as a mark has. */
function startOf(head: Uint8Array, start: number): string {
  return new TextDecoder().decode(head.subarray(start, start + 4))
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
