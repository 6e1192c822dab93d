import { createDeadline } from '../deadline.js'
import { shown } from '../foreign.js'
import { writeReport } from '../report/index.js'
import type { Terminal } from './command.js'

/** How long a run that Ctrl-C has ended waits for its report: that of a hundred peers takes a second. */
const interruptedMs = 3_000

/**
 * Writes the report of a run that has ended. What prevents it is a note: the run itself is kept, and `hearsay report`
 * makes it later. Ctrl-C ends it; a run that Ctrl-C has ended already gets its report too, if that takes no longer than
 * a person would wait, and none who types it a second time.
 *
 * @returns its path; undefined where there is none
 */
export async function reportOf(
  folder: string,
  { stderr, signal }: Pick<Terminal, 'stderr' | 'signal'>,
  write: typeof writeReport = writeReport,
  withinMs: number = interruptedMs,
): Promise<string | undefined> {
  const isInterrupted = signal.aborted
  const deadline = isInterrupted ? createDeadline() : createDeadline(signal)
  if (isInterrupted) deadline.within(withinMs, new Error('it takes too long; hearsay report makes it'))
  try {
    return await write(folder, deadline.signal)
  } catch (error) {
    if (isInterrupted || !signal.aborted)
      stderr.write(`no report: ${shown(error instanceof Error ? error.message : String(error), 1000)}\n`)
    return undefined
  } finally {
    deadline.clear()
  }
}
