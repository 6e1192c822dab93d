import { join } from 'node:path'
import { metricsLines } from '../disk/index.js'
import { createRecord, type RunRecord } from '../watch/index.js'
import { readAbout } from './about.js'
import type { ReportData } from './data.js'
import { withRecord } from './with-record.js'

/**
 * Reads all that a report shows of a run folder. Of a run that goes on, or whose process was killed, what is there.
 *
 * @throws {@link HearsayError} `RUN` or `MANIFEST` where it is no run folder; the signal's reason
 */
export async function readRun(folder: string, signal?: AbortSignal): Promise<ReportData> {
  const about = await readAbout(folder)
  return withRecord(about, await recordOf(join(folder, 'metrics.jsonl'), signal))
}

async function recordOf(path: string, signal: AbortSignal | undefined): Promise<RunRecord> {
  const record = createRecord()
  for await (const lines of metricsLines(path, signal === undefined ? {} : { signal })) {
    for (const line of lines) {
      if (line === undefined) record.addMalformed()
      else record.addLine(line)
    }
  }
  return record.record()
}
