import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readBounded, whyNotRead } from '../bounded-file.js'
import { metricsLines } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { type Manifest, parseManifest } from '../node/index.js'
import { whyNot } from '../system-errors.js'
import { parseYaml } from '../yaml.js'
import { yamlLimits } from '../yaml-shape.js'
import { createRecord, type RunRecord } from './record/index.js'

/** A run as its folder holds it. */
export interface KeptRun {
  /** `manifest.yaml` as it stands there. */
  readonly text: string
  readonly manifest: Manifest
  /** Of all events so far: the run may go on, or its process may have been killed. */
  readonly record: RunRecord
}

/**
 * Reads a run folder's manifest and events.
 *
 * @throws {@link HearsayError} `RUN` or `MANIFEST` where it is no run folder; the signal's reason
 */
export async function readKeptRun(folder: string, signal?: AbortSignal): Promise<KeptRun> {
  await mustBeThere(folder)
  const path = join(folder, 'manifest.yaml')
  const text = await manifestText(path)
  const manifest = parseManifest(parseYaml(text, path, 'MANIFEST').value ?? {}, path)
  return { text, manifest, record: await recordOf(join(folder, 'metrics.jsonl'), signal) }
}

async function mustBeThere(folder: string): Promise<void> {
  try {
    for (const file of ['manifest.yaml', 'metrics.jsonl']) await stat(join(folder, file))
  } catch (error) {
    throw new HearsayError('RUN', `is no run folder: ${whyNot(error)}`, { source: folder, cause: error })
  }
}

async function manifestText(path: string): Promise<string> {
  try {
    return (await readBounded(path, yamlLimits.bytes)).toString('utf8')
  } catch (error) {
    throw new HearsayError('MANIFEST', whyNotRead(error), { source: path, cause: error })
  }
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
