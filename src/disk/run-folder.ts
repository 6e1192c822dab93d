import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { HearsayError } from '../errors.js'
import { type Manifest, type Member, manifestYaml, type RunEvent } from '../node/index.js'
import { systemCode, whyNot } from '../system-errors.js'
import { explainDisk, replaceFile } from './durable.js'
import { keepRounds, openMetrics } from './metrics-file.js'

/** A run on disk: manifest, addresses, metrics as events are emitted, and at the end the summary. */
export interface RunFolder {
  readonly path: string
  /** Writes the members, their addresses and how many samples each has: `peers.json`. */
  writeMembers(members: readonly Member[], samples?: readonly number[]): Promise<void>
  /** Appends a line to `metrics.jsonl`; `close` throws where one could not be written. */
  append(event: RunEvent): void
  /** Resolves when every line so far is written. */
  flushed(): Promise<void>
  writeSummary(summary: object): Promise<void>
  close(): Promise<void>
}

/** Of a simulation's summary.json, for whoever reads it: one of a mixture of a thousand peers has a million weights. */
export const summaryBytes = 64 * 1024 * 1024

/** A peer's name as a file name: peers that come from a column of a table are named by its cells. */
export function fileOf(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in a file's name
  return name.replace(/[\u0000-\u001f%/\\:*?"<>|]/g, c => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** The most peers of one run that may begin in one second in one folder. */
const sameSecond = 10_000

/**
 * Creates a folder for a run that names none: named by time and run id, and numbered where other peers of the run began
 * in the same second.
 *
 * @param parent - @default `runs`, in the working directory
 * @throws {@link HearsayError} where it cannot be created
 */
export async function makeRunFolder(runId: string, now: Date, parent = 'runs'): Promise<string> {
  const time = now.toISOString().slice(0, 19).replaceAll(':', '-')
  const name = join(parent, `${time}-${runId.slice(0, 8)}`)
  try {
    await mkdir(parent, { recursive: true })
    for (let number = 1; number <= sameSecond; number++) {
      const path = number === 1 ? name : `${name}-${number}`
      // Created at once: of two processes only one succeeds.
      if (await isMade(path)) return path
    }
  } catch (error) {
    throw new HearsayError('RUN', `${whyNot(error)}; or name a folder with --out`, { source: parent, cause: error })
  }
  throw new HearsayError('RUN', `${sameSecond} runs began in this second; name a folder with --out`, { source: name })
}

/** @returns false where the path exists */
async function isMade(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

const lost = 'Not everything of this run was kept'

/** Writes files of the folder atomically. */
function putIn(path: string): (name: string, content: string) => Promise<void> {
  return async (name, content) => {
    try {
      await replaceFile(join(path, name), content)
    } catch (error) {
      throw explainDisk(error, join(path, name), lost)
    }
  }
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/**
 * Creates the folder and writes the manifest. Every file is whole or absent, even where the disk is full or the power
 * fails; only `metrics.jsonl` grows.
 *
 * @throws {@link HearsayError} when the folder is not empty: no run overwrites another. The folder's functions throw
 * where the disk cannot be written; what was written before stays
 */
export async function createRunFolder(path: string, manifest: Manifest): Promise<RunFolder> {
  await makeEmptyFolder(path)
  const put = putIn(path)
  await put('manifest.yaml', manifestYaml(manifest))
  await mkdir(join(path, 'peers'))
  return folderAt(path)
}

/**
 * Opens the folder of a run that is resumed.
 *
 * @param rounds - number of complete rounds; events of later ones are removed, as they are emitted again
 */
export async function reopenRunFolder(path: string, rounds: number): Promise<RunFolder> {
  await mkdir(join(path, 'peers'), { recursive: true })
  await keepRounds(join(path, 'metrics.jsonl'), rounds)
  return folderAt(path)
}

async function folderAt(path: string): Promise<RunFolder> {
  const put = putIn(path)
  const json = (name: string, value: unknown): Promise<void> => put(name, jsonText(value))
  const metrics = await openMetrics(join(path, 'metrics.jsonl'), lost)
  return {
    path,
    writeMembers: (members, samples) =>
      json(
        'peers.json',
        members.map(({ name, peerId, addresses }, peer) => ({
          peer,
          name,
          id: peerId.toString(),
          addresses: addresses.map(String),
          ...(samples && { samples: samples[peer] }),
        })),
      ),
    append(event) {
      try {
        metrics.append(event)
      } catch (error) {
        if (!(error instanceof HearsayError)) throw error
        // An earlier line was lost. The run continues for its result; `close` throws the error.
      }
    },
    flushed: metrics.flushed,
    writeSummary: summary => json('summary.json', summary),
    close: metrics.close,
  }
}

/**
 * Creates a folder, of which nothing but its path is there yet.
 *
 * @throws {@link HearsayError} `RUN` where it is not empty, or cannot be created
 */
export async function makeEmptyFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    throw new HearsayError('RUN', whyNot(error), { field: '--out', value: path, cause: error })
  }
  await mustBeVacant(path)
}

/**
 * Refuses a folder that holds something, as another run, and what is no folder. Makes nothing: it is asked before data are read and
 * backends started, so that a user's mistake is told at once.
 *
 * @param flag - that named it
 * @throws {@link HearsayError} `RUN`
 */
export async function mustBeVacant(path: string, flag = '--out'): Promise<void> {
  try {
    if ((await readdir(path)).length === 0) return
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw new HearsayError('RUN', whyNot(error), { field: flag, value: path, cause: error })
  }
  throw new HearsayError('RUN', 'is not empty; name a new folder, nothing is overwritten', { field: flag, value: path })
}
