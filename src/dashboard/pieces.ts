import { stat } from 'node:fs/promises'
import { NotRead, openFile } from '../bounded-file.js'
import { metricsLimits } from '../disk/index.js'
import { systemCode } from '../system-errors.js'

/** How far a file was read. */
export interface Place {
  /** Which file: one that was put in place of another is read from its beginning. */
  readonly file: string
  readonly offset: number
}

/** Whole lines of a file. */
export interface Piece {
  /** Without the last line's end. */
  readonly text: string
  /** Behind them. */
  readonly place: Place
  /** They are the first of the file, whatever was read before. */
  readonly isFirst: boolean
}

/** Bytes of a piece, as long as lines are shorter: a browser takes one in between two frames. */
const pieceBytes = 128 * 1024
const newline = 0x0a

/**
 * Reads the next whole lines behind a place; undefined where there are none yet. A last line that is cut, as one that
 * is being written, waits for its end. What is longer than a line may be comes as lines that are none.
 *
 * @throws the system's error where the file cannot be read; one that is not there, or is no file, has no lines
 */
export async function pieceBehind(
  path: string,
  known: Place | undefined,
  limits = metricsLimits,
): Promise<Piece | undefined> {
  try {
    // Mostly nothing has changed since: a file need not be opened to see that.
    const looked = await stat(path)
    if (known?.file === String(looked.ino) && known.offset === looked.size) return undefined
    await using file = await openFile(path)
    const { ino, size } = await file.stat()
    const isSame = known?.file === String(ino) && known.offset <= size
    const from = isSame ? known.offset : 0
    const most = Math.min(size, limits.bytes) - from
    for (let length = Math.min(pieceBytes, most); length > 0; length = Math.min(2 * length, most)) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, from)
      const end = buffer.subarray(0, bytesRead).lastIndexOf(newline)
      const isTooLong = end < 0 && length > limits.line
      if (end >= 0 || isTooLong) {
        const offset = from + (end < 0 ? bytesRead : end + 1)
        const text = isTooLong ? '?' : buffer.toString('utf8', 0, end)
        return { text, place: { file: String(ino), offset }, isFirst: from === 0 }
      }
      if (length === most) return undefined
    }
    return undefined
  } catch (error) {
    if (error instanceof NotRead || systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
