import { CsvError, parse } from 'csv-parse/sync'
import { dataError } from '../limits.js'

/** No line of a table is longer; a quote that is never closed would otherwise swallow the whole file. */
const lineBytes = 1 << 22

/** What may stand between cells. The one that is most often in the first line is taken. */
const delimiters = [',', ';', '\t'] as const

const missingTexts = new Set(['', '?', 'NA', 'NaN', 'nan'])

/** Is this how tables write that a value is not known? */
export function isMissing(cell: string): boolean {
  return missingTexts.has(cell)
}

/** The number that a cell holds; undefined when it holds a text. Hexadecimal and infinite numbers are texts. */
export function numberOf(cell: string): number | undefined {
  if (isMissing(cell)) return undefined
  const number = Number(cell)
  return Number.isFinite(number) && !/^[+-]?0[xob]/i.test(cell) ? number : undefined
}

/**
 * Hands the lines of a CSV file to `onLine`, one after another: no table is ever held as texts.
 *
 * @param onLine - gets the trimmed cells and the line number, from 1
 * @throws {@link HearsayError} naming the line that is not CSV
 */
export function eachLine(bytes: Uint8Array, source: string, onLine: (cells: string[], line: number) => void): void {
  // Bytes of zero never stand in a text; they do in what is wrongly named .csv: archives, images, UTF-16.
  if (bytes.subarray(0, 4096).includes(0)) throw dataError(source, 'is not a text file; tables must be UTF-8 text')
  try {
    parse(bytes, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      delimiter: delimiterOf(bytes),
      max_record_size: lineBytes,
      on_record(cells: string[], { lines }) {
        onLine(cells, lines)
        return null
      },
    })
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    const line = typeof cause.lines === 'number' ? `:${cause.lines}` : ''
    throw dataError(`${source}${line}`, `${sentence(cause)}`, cause)
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

function delimiterOf(bytes: Uint8Array): string {
  const end = bytes.findIndex(byte => byte === 0x0a || byte === 0x0d)
  const line = new TextDecoder().decode(bytes.subarray(0, Math.min(end < 0 ? bytes.length : end, lineBytes)))
  const counts = delimiters.map(delimiter => line.split(delimiter).length)
  return delimiters[counts.indexOf(Math.max(...counts))]!
}
