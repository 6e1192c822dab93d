import { readRecord } from '../watch/index.js'
import { readAbout } from './about.js'
import type { ReportData } from './data.js'
import { withRecord } from './with-record.js'

/**
 * Reads all that a report shows of a run folder. Of a run that goes on, or whose process was killed, what is there.
 *
 * @throws {@link HearsayError} `RUN` or `MANIFEST` where it is no run folder; the signal's reason
 */
export async function readRun(folder: string, signal?: AbortSignal): Promise<ReportData> {
  return withRecord(await readAbout(folder), await readRecord(folder, signal))
}
