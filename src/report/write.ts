import { join } from 'node:path'
import { explainDisk, replaceFile } from '../disk/index.js'
import { packed } from '../watch/index.js'
import { pageOf, pageProgram } from './page.js'
import { readRun } from './read-run.js'

/** The report's name in its run folder. */
export const reportFile = 'report.html'

/**
 * Writes a run folder's `report.html`, in place of an earlier one: it is there whole or not at all.
 *
 * @returns its path
 * @throws {@link HearsayError} `RUN` or `MANIFEST` where it is no run folder or cannot be written; the signal's reason
 */
export async function writeReport(folder: string, signal?: AbortSignal): Promise<string> {
  const { record, ...run } = await readRun(folder, signal)
  // A graph that many rounds have is in it once.
  const data = { ...run, record: packed(record) }
  const withoutScript = 'The figures are in summary.json and metrics.jsonl, too.'
  const page = pageOf({ title: `${data.name}: Hearsay report`, withoutScript, data }, await pageProgram('report'))
  signal?.throwIfAborted()
  const path = join(folder, reportFile)
  try {
    await replaceFile(path, page)
  } catch (error) {
    throw explainDisk(error, path, 'The report was not written; the run itself is kept')
  }
  return path
}
