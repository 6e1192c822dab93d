import { join } from 'node:path'
import { measureOf } from '../data/index.js'
import { explainDisk, makeFolder, replaceFile } from '../disk/index.js'
import type { Manifest } from '../node/index.js'
import { type RunRecord, readKeptManifest, readRecord } from '../watch/index.js'
import { peersCsv, roundsCsv } from './csv.js'
import { openMetricsText } from './open-metrics.js'
import { writeBoard } from './tensorboard/write.js'

/** What other programs read. */
export const seriesFormats = ['csv', 'openmetrics', 'tensorboard'] as const
export type SeriesFormat = (typeof seriesFormats)[number]

/** A run that is written, and where. */
interface Writing {
  readonly manifest: Manifest
  readonly record: RunRecord
  /** Of the folder it is kept in. */
  readonly name: string
  readonly to: string
  readonly signal: AbortSignal | undefined
}

type Write = (writing: Writing) => Promise<readonly string[]>

/** Each writes its files in place of earlier ones. @returns their names, or that of their folder */
const writers: Readonly<Record<SeriesFormat, Write>> = {
  async csv({ record, manifest: { data }, to }) {
    await replaceFile(join(to, 'rounds.csv'), roundsCsv(record, measureOf(data)))
    await replaceFile(join(to, 'peers.csv'), peersCsv(record, measureOf(data)))
    return ['rounds.csv', 'peers.csv']
  },
  async openmetrics({ name, record, manifest: { data }, to }) {
    await replaceFile(join(to, 'openmetrics.txt'), openMetricsText(record, { measure: measureOf(data), run: name }))
    return ['openmetrics.txt']
  },
  async tensorboard({ record, manifest, to, signal }) {
    await writeBoard(join(to, 'tensorboard'), { record, manifest }, signal)
    return ['tensorboard/']
  },
}

export interface WriteSeriesInit {
  /** What the run is called: the name of its folder. */
  readonly name: string
  readonly formats: readonly SeriesFormat[]
  /** Created where there is none. */
  readonly to: string
  readonly signal?: AbortSignal
}

/**
 * Writes the rounds of a run for other programs, whether it is over, was interrupted or goes on.
 *
 * @param folder - of the run
 * @returns the paths of what was written
 * @throws {@link HearsayError} `RUN` or `MANIFEST` where it is no run folder or cannot be written; the signal's reason
 */
export async function writeSeries(
  folder: string,
  { name, formats, to, signal }: WriteSeriesInit,
): Promise<readonly string[]> {
  const { manifest } = await readKeptManifest(folder)
  const record = await readRecord(folder, signal)
  const written: string[] = []
  try {
    await makeFolder(to)
    for (const format of formats) {
      signal?.throwIfAborted()
      const names = await writers[format]({ manifest, record, name, to, signal })
      written.push(...names.map(file => join(to, file)))
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw explainDisk(error, to, 'Not everything was written; the run itself is unchanged')
  }
  return written
}
