import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readBounded, whyNotRead } from '../bounded-file.js'
import { metricsLines } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { type Manifest, parseManifest } from '../node/index.js'
import { whyNot } from '../system-errors.js'
import { createRecord, type RunRecord } from '../watch/index.js'
import { parseYaml } from '../yaml.js'
import { yamlLimits } from '../yaml-shape.js'
import { type KeptSummary, readSummary } from './summary.js'

/** What the files of a run folder hold: of a run that goes on, or whose process was killed, what is there. */
export interface RunFiles {
  readonly manifest: Manifest
  /** The manifest as it stands in the folder. */
  readonly text: string
  readonly record: RunRecord
  readonly summary: KeptSummary
}

/**
 * Reads a run folder.
 *
 * @throws {@link HearsayError} `RUN` or `MANIFEST` where it is no run folder; the signal's reason
 */
export async function readRunFiles(folder: string, signal?: AbortSignal): Promise<RunFiles> {
  await mustBeThere(folder)
  const manifestPath = join(folder, 'manifest.yaml')
  const text = await manifestText(manifestPath)
  const manifest = parseManifest(parseYaml(text, manifestPath, 'MANIFEST').value ?? {}, manifestPath)
  const record = await recordOf(join(folder, 'metrics.jsonl'), signal)
  return { manifest, text, record, summary: await readSummary(join(folder, 'summary.json')) }
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

/** Was the run a simulation? Its first event says so. */
export function isSimulation({ run }: RunRecord): boolean {
  return run !== null
}
