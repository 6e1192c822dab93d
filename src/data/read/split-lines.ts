import { pipeline } from 'node:stream/promises'
import { CsvError, type Options, parse } from 'csv-parse'
import { parse as parseWhole } from 'csv-parse/sync'

/** What stands between the cells of a line; `blanks`: any run of spaces and tabs, as in columns set by hand. */
export type Separator = ',' | ';' | '\t' | '|' | 'blanks'

/** Gets the trimmed cells of a line and its number, from 1. */
export type OnLine = (cells: string[], line: number) => void

/** A line that is not CSV; its message states why. */
export class BadLine extends Error {
  constructor(
    readonly line: number,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause })
  }
}

/**
 * Splits a text as it comes.
 *
 * @throws {@link BadLine}, and whatever `onLine` or the pieces throw
 */
export async function splitLines(
  separator: Separator,
  pieces: AsyncIterable<Uint8Array>,
  lineBytes: number,
  onLine: OnLine,
): Promise<void> {
  if (separator === 'blanks') {
    const lines = blankLines(onLine)
    for await (const piece of pieces) lines.add(piece)
    lines.end()
    return
  }
  const parser = parse(csvOptions(separator, lineBytes, onLine))
  // It has nothing to hand on: every line was given to onLine.
  parser.resume()
  try {
    await pipeline(pieces, parser)
  } catch (cause) {
    throw cause instanceof CsvError ? badLine(cause, lineBytes) : cause
  }
}

/**
 * Splits the beginning of a text.
 *
 * @param most - so many lines are split
 * @returns the cells, up to the first line that cannot be split; `isWhole`: there is none
 */
export function splitStart(
  separator: Separator,
  start: Uint8Array,
  most: number,
  lineBytes: number,
): { lines: string[][]; isWhole: boolean } {
  const lines: string[][] = []
  const add = (cells: string[]): void => void lines.push(cells)
  try {
    if (separator === 'blanks') {
      const split = blankLines(add, most)
      split.add(start)
      split.end()
    } else parseWhole(start, { ...csvOptions(separator, lineBytes, add), to: most })
    return { lines, isWhole: true }
  } catch (error) {
    if (error instanceof CsvError || error instanceof BadLine) return { lines, isWhole: false }
    throw error
  }
}

function csvOptions(separator: Exclude<Separator, 'blanks'>, lineBytes: number, onLine: OnLine): Options<string[]> {
  return {
    bom: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    delimiter: separator,
    // All of them: a header may have been written by another system than the lines beneath.
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: lineBytes,
    on_record(cells, { lines }) {
      onLine(
        cells.map(cell => cell.trim()),
        lines,
      )
      return null
    },
  }
}

const openQuote = 'a quote is opened and never closed'
const strayQuote =
  'a quote stands within a cell; put such cells in quotes and write "" for a quote in them, or is one not closed in a line above?'

function badLine(error: CsvError, lineBytes: number): BadLine {
  const sentences: Partial<Record<string, string>> = {
    CSV_QUOTE_NOT_CLOSED: openQuote,
    CSV_INVALID_CLOSING_QUOTE: strayQuote,
    CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: strayQuote,
    INVALID_OPENING_QUOTE: strayQuote,
    CSV_MAX_RECORD_SIZE: `longer than ${lineBytes} bytes; is a quote opened and never closed?`,
  }
  return new BadLine(Number(error.lines), sentences[error.code] ?? error.message, error)
}

/** Splits lines by runs of spaces and tabs, which CSV has no word for. A quoted cell ends on its line. */
function blankLines(
  onLine: OnLine,
  most = Number.POSITIVE_INFINITY,
): {
  /** @throws {@link BadLine} */
  add(piece: Uint8Array): void
  /** After the last piece. */
  end(): void
} {
  const decoder = new TextDecoder()
  let line = 0
  let read = 0
  /** The line whose end has not come. */
  let open: Uint8Array = new Uint8Array(0)
  const split = (bytes: Uint8Array): void => {
    line++
    const cells = decoder.decode(bytes).match(/"(?:[^"]|"")*"(?=\s|$)|\S+/g)
    if (cells === null) return
    if (cells.some(cell => cell.startsWith('"') && !/^"(?:[^"]|"")*"$/.test(cell))) throw new BadLine(line, openQuote)
    read++
    onLine(
      cells.map(cell => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"').trim() : cell)),
      line,
    )
  }
  return {
    add(piece) {
      let start = 0
      for (let end = piece.indexOf(0x0a); end >= 0 && read < most; end = piece.indexOf(0x0a, start)) {
        split(joined(open, piece.subarray(start, end)))
        open = piece.subarray(0, 0)
        start = end + 1
      }
      open = joined(open, piece.subarray(start))
    },
    end() {
      if (open.length > 0 && read < most) split(open)
    },
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  return first.length === 0 ? second : Buffer.concat([first, second])
}
