import { setImmediate } from 'node:timers/promises'
import { type DataLimits, dataError } from '../limits.js'
import { dialectOf } from './dialect.js'
import type { Pieces } from './file.js'
import { BadLine, splitLines } from './split-lines.js'

/** One line of a table. */
export interface Line {
  readonly cells: string[]
  /** From 1. */
  readonly line: number
}

/** So much is split at a time, in some 5 ms. */
const pieceBytes = 1 << 16

/**
 * Hands the lines of a table to `onLine`, one after another, as its bytes come: no table is ever held as text.
 *
 * @param onLine - gets the trimmed cells
 * @returns how many lines of comment were passed over before the table
 * @throws {@link HearsayError} naming the line that is not CSV or too long, or the encoding that is not UTF-8
 */
export async function eachLine(
  bytes: Pieces,
  source: string,
  onLine: (line: Line) => void,
  { lineBytes }: DataLimits,
): Promise<number> {
  let last = 0
  const pieces = withinLines(bytes, source, lineBytes, () => last)
  const { start, isWhole } = await startOf(pieces, lineBytes)
  checkStart(start, source)
  const check = utf8Check(source)
  check(start)
  if (isWhole) check()
  const { separator, comment } = dialectOf(start, lineBytes)
  async function* table(): AsyncGenerator<Uint8Array> {
    for (let at = comment.bytes; at < start.length; at += pieceBytes) {
      yield start.subarray(at, at + pieceBytes)
      // Everything else has its turn: timers, the network, Ctrl-C.
      await setImmediate()
    }
    if (isWhole) return
    for await (const piece of pieces) {
      check(piece)
      yield piece
      await setImmediate()
    }
    check()
  }
  try {
    await splitLines(separator, table(), lineBytes, (cells, line) => {
      last = line + comment.lines
      onLine({ cells, line: last })
    })
  } catch (cause) {
    if (!(cause instanceof BadLine)) throw cause
    throw dataError(`${source}:${cause.line + comment.lines}`, cause.message, cause)
  }
  return comment.lines
}

/** Somewhat more than the longest line: enough to judge by. */
async function startOf(
  pieces: AsyncGenerator<Uint8Array>,
  lineBytes: number,
): Promise<{ start: Uint8Array; isWhole: boolean }> {
  const first: Uint8Array[] = []
  for (let length = 0; length <= lineBytes; ) {
    const { value, done } = await pieces.next()
    if (done) return { start: Buffer.concat(first), isWhole: true }
    first.push(value)
    length += value.length
  }
  return { start: Buffer.concat(first), isWhole: false }
}

/**
 * The same pieces, of which no line is too long. The parser measures the texts in a line, and a line of commas alone
 * would fill the memory.
 *
 * @param last - the last line that was read
 */
async function* withinLines(
  pieces: Pieces,
  source: string,
  lineBytes: number,
  last: () => number,
): AsyncGenerator<Uint8Array> {
  let open = 0
  for await (const piece of pieces) {
    const ends = [piece.indexOf(0x0a), piece.indexOf(0x0d)].filter(at => at >= 0)
    if (open + Math.min(piece.length, ...ends) > lineBytes) {
      const where = last() === 0 ? '' : ` after line ${last()}`
      throw dataError(source, `has a line${where} that is longer than ${lineBytes} bytes; is it a table?`)
    }
    const begun = Math.max(piece.lastIndexOf(0x0a), piece.lastIndexOf(0x0d)) + 1
    open = begun === 0 ? open + piece.length : piece.length - begun
    yield piece
  }
}

/** Bytes of zero never stand in a text; they do in what is wrongly named .csv: archives, images, UTF-16. */
function checkStart(start: Uint8Array, source: string): void {
  const [first, second] = start
  const head = start.subarray(0, 4096)
  const zeros = head.reduce((sum, byte) => sum + (byte === 0 ? 1 : 0), 0)
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  // Without a mark too: of Latin letters every other byte is zero.
  if (marked || (head.length > 3 && zeros > head.length * 0.4 && zeros <= head.length / 2)) {
    throw dataError(source, 'is UTF-16 text; save it as UTF-8 (in spreadsheets: "CSV UTF-8")')
  }
  const packed = packedAs(start)
  if (packed !== undefined) throw dataError(source, packed)
  if (zeros > 0) throw dataError(source, 'is not a text file; tables must be UTF-8 text')
}

/** What is often called .csv and is none. */
function packedAs([first, second]: Uint8Array): string | undefined {
  if (first === 0x1f && second === 0x8b) return 'is compressed; call it .csv.gz'
  if (first === 0x50 && second === 0x4b) return 'is an archive, as of spreadsheets (.xlsx); save it as CSV'
  return undefined
}

/** Takes piece after piece; nothing, at the end. */
function utf8Check(source: string): (piece?: Uint8Array) => void {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  return piece => {
    try {
      decoder.decode(piece, { stream: piece !== undefined })
    } catch (cause) {
      const what = 'is text in another encoding than UTF-8, as of older Windows programs; save it as UTF-8'
      throw dataError(source, what, cause)
    }
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
