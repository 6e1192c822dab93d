import { isUtf8 } from 'node:buffer'
import { CsvError } from 'csv-parse/sync'
import { dataError } from '../limits.js'
import { dialectOf, lineBytes, OpenQuote, splitBy, splitByBlanks } from './dialect.js'

/** One line of a table. */
export interface Line {
  readonly cells: string[]
  /** From 1. */
  readonly line: number
}

/**
 * Hands the lines of a table to `onLine`, one after another: no table is ever held as texts.
 *
 * @param onLine - gets the trimmed cells
 * @returns how many lines of comment were passed over before the table
 * @throws {@link HearsayError} naming the line that is not CSV, or the encoding that is not UTF-8
 */
export function eachLine(bytes: Uint8Array, source: string, onLine: (line: Line) => void): number {
  checkText(bytes, source)
  const { separator, comment } = dialectOf(bytes)
  const table = bytes.subarray(comment.bytes)
  const add = (cells: string[], line: number): void => onLine({ cells, line: line + comment.lines })
  try {
    if (separator === 'blanks') splitByBlanks(table, add)
    else splitBy(separator, table, add)
  } catch (cause) {
    if (!(cause instanceof CsvError || cause instanceof OpenQuote)) throw cause
    const line = cause instanceof OpenQuote ? cause.line : cause.lines
    const place = typeof line === 'number' ? `:${line + comment.lines}` : ''
    throw dataError(`${source}${place}`, cause instanceof OpenQuote ? cause.message : sentence(cause), cause)
  }
  return comment.lines
}

/** Bytes of zero never stand in a text; they do in what is wrongly named .csv: archives, images, UTF-16. */
function checkText(bytes: Uint8Array, source: string): void {
  const [first, second] = bytes
  const head = bytes.subarray(0, 4096)
  const zeros = head.reduce((sum, byte) => sum + (byte === 0 ? 1 : 0), 0)
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  // Without a mark too: of Latin letters every other byte is zero.
  if (marked || (head.length > 3 && zeros > head.length * 0.4 && zeros <= head.length / 2)) {
    throw dataError(source, 'is UTF-16 text; save it as UTF-8 (in spreadsheets: "CSV UTF-8")')
  }
  if (zeros > 0) throw dataError(source, 'is not a text file; tables must be UTF-8 text')
  if (!isUtf8(bytes)) {
    throw dataError(source, 'is text in another encoding than UTF-8, as of older Windows programs; save it as UTF-8')
  }
}

function sentence(error: CsvError): string {
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quote is opened and never closed'
    case 'CSV_MAX_RECORD_SIZE':
      return `longer than ${lineBytes} bytes; is a quote opened and never closed?`
    default:
      return error.message
  }
}

/** Texts held of the lines by which a table is judged: a wide table is judged by fewer lines. */
const cellsHeld = 1 << 20
/** Lines by which a table is judged before the others are read. */
const linesHeld = 1000

/**
 * Holds the first lines back until a table can be judged by them, and hands them on then, and all others at once.
 *
 * @param judge - gets the first lines, at least one, and gives back what takes every line, these included
 */
export function afterFirstLines(judge: (first: readonly Line[]) => (line: Line) => void): {
  add(line: Line): void
  /** After the last line. */
  end(): void
} {
  let held: Line[] = []
  let cells = 0
  let take: ((line: Line) => void) | undefined
  const judged = (): void => {
    take = judge(held)
    for (const line of held) take(line)
    held = []
  }
  return {
    add(line) {
      if (take !== undefined) return take(line)
      held.push(line)
      cells += line.cells.length
      if (held.length >= linesHeld || (cells >= cellsHeld && held.length > 1)) judged()
    },
    end() {
      if (take === undefined && held.length > 0) judged()
    },
  }
}
