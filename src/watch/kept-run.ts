import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readBounded, whyNotRead } from '../bounded-file.js'
import { metricsLines, noRunFolder } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { type Manifest, parseManifest } from '../node/index.js'
import { parseYaml } from '../yaml.js'
import { yamlLimits } from '../yaml-shape.js'
import { createRecord, type RunRecord } from './record/index.js'

/** What is run in a run folder. */
export interface KeptManifest {
  readonly manifest: Manifest
  /** `manifest.yaml` as it stands there. */
  readonly text: string
}

/**
 * Reads a run folder's manifest.
 *
 * @throws {@link HearsayError} `RUN` or `MANIFEST` where it is no run folder
 */
export async function readKeptManifest(folder: string): Promise<KeptManifest> {
  await mustBeThere(folder)
  const path = join(folder, 'manifest.yaml')
  const text = await manifestText(path)
  return { manifest: parseManifest(parseYaml(text, path, 'MANIFEST').value ?? {}, path), text }
}

/**
 * Reads a run folder's events: all so far, as the run may go on, or its process may have been killed.
 *
 * @throws {@link HearsayError} `RUN` where they cannot be read; the signal's reason
 */
export async function readRecord(folder: string, signal?: AbortSignal): Promise<RunRecord> {
  const record = createRecord()
  for await (const lines of metricsLines(join(folder, 'metrics.jsonl'), signal === undefined ? {} : { signal })) {
    for (const line of lines) {
      if (line === undefined) record.addMalformed()
      else record.addLine(line)
    }
  }
  return record.record()
}

async function mustBeThere(folder: string): Promise<void> {
  for (const file of ['manifest.yaml', 'metrics.jsonl']) {
    try {
      await stat(join(folder, file))
    } catch (error) {
      throw await noRunFolder(folder, file, error)
    }
  }
}

async function manifestText(path: string): Promise<string> {
  try {
    return (await readBounded(path, yamlLimits.bytes)).toString('utf8')
  } catch (error) {
    throw new HearsayError('MANIFEST', whyNotRead(error), { source: path, cause: error })
  }
}
