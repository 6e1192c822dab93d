import type { ReadProgress } from '../data/index.js'
import { shown } from '../foreign.js'
import type { Terminal } from './command.js'

/** A reading that ends before this needs no line. */
const afterMs = 1000
const redrawMs = 100
/** Returns to the start of the line, and clears it. */
const cleared = '\r\u001b[2K'
const widest = 120

/**
 * Shows the progress of a long reading on a terminal, on a line that is cleared at its end. Elsewhere prints nothing.
 *
 * @param read - reads, and reports to the callback that it gets
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
