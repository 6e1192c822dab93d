import type { ReadProgress } from '../data/index.js'
import { shown } from '../foreign.js'
import type { Terminal } from './command.js'

/** A reading that is over by then needs no line. */
const afterMs = 1000
const redrawMs = 100
/** Back to the start of the line, and nothing on it. */
const cleared = '\r\u001b[2K'
const widest = 120

/**
 * Says on a terminal how far a long reading is, on a line that is gone when it is over. Elsewhere, as in a file, nothing.
 *
 * @param read - reads with what it is given
 * @param now - milliseconds. @default the clock
 */
export async function tellReading<T>(
  stderr: Pick<Terminal['stderr'], 'isTTY' | 'columns' | 'write'>,
  read: (onRead: ((progress: ReadProgress) => void) | undefined) => Promise<T>,
  now: () => number = () => performance.now(),
): Promise<T> {
  if (!stderr.isTTY) return read(undefined)
  let next = now() + afterMs
  let isDrawn = false
  try {
    return await read(({ path, done, of }) => {
      if (now() < next) return
      next = now() + redrawMs
      isDrawn = true
      const share = ` ${Math.floor((100 * Math.min(done, of)) / Math.max(of, 1))} %`
      // A line that wraps would not be cleared.
      const room = Math.min(stderr.columns || 80, widest) - 'reading '.length - share.length - 1
      stderr.write(`${cleared}reading ${shown(path, Math.max(room, 3))}${share}`)
    })
  } finally {
    if (isDrawn) stderr.write(cleared)
  }
}
