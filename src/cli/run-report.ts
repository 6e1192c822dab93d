import { shown } from '../foreign.js'
import { writeReport } from '../report/index.js'
import type { Terminal } from './command.js'

/**
 * Writes the report of a run that has ended. What prevents it is a note: the run itself is kept, and `hearsay report`
 * makes it later. Ctrl-C ends it, and none is begun for a run that Ctrl-C has ended.
 *
 * @returns its path; undefined where there is none
 */
export async function reportOf(
  folder: string,
  { stderr, signal }: Pick<Terminal, 'stderr' | 'signal'>,
  write: typeof writeReport = writeReport,
): Promise<string | undefined> {
  if (signal.aborted) return undefined
  try {
    return await write(folder, signal)
  } catch (error) {
    if (!signal.aborted)
      stderr.write(`no report: ${shown(error instanceof Error ? error.message : String(error), 1000)}\n`)
    return undefined
  }
}
