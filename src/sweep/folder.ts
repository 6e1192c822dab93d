import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { readBounded, whenNotRead } from '../bounded-file.js'
import { explainDisk, makeFolder, replaceFile } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { whyNot } from '../system-errors.js'
import { yamlLimits } from '../yaml-shape.js'

/*
 * The folder of a sweep, which several processes may share:
 *
 * ```
 * sweep.yaml                  the sweep, with the base's manifest in it
 * runs/<id>/                  a run folder each
 * jobs/<id>/manifest.yaml     what the run was begun with
 * jobs/<id>/log.txt           what it has printed
 * jobs/<id>/failed.json       why it failed, if it did
 * jobs/<id>/lock.…            the process that sees to it now
 * comparison.html, .csv       of all runs that are done
 * ```
 */

const sweepFile = 'sweep.yaml'

/** Where one run of a sweep has its files. */
export interface RunPlace {
  /** The run folder. It is there once the run has read its data. */
  readonly run: string
  readonly job: string
  readonly manifest: string
  readonly log: string
  readonly failure: string
}

/** @param folder - of the sweep */
export function placeOf(folder: string, { id }: { readonly id: string }): RunPlace {
  const job = join(folder, 'jobs', id)
  return {
    run: join(folder, 'runs', id),
    job,
    manifest: join(job, 'manifest.yaml'),
    log: join(job, 'log.txt'),
    failure: join(job, 'failed.json'),
  }
}

/**
 * Creates a sweep's folder, or opens one that is there, also with another sweep of the same kind: a run is found by its
 * manifest, so that values may be added and taken away.
 *
 * @param yaml - the sweep, which is kept in the folder
 * @param source - the file that it was read from, which is left as it is where it is the one in the folder
 * @throws {@link HearsayError} RUN where the folder holds something else, or cannot be written
 */
export async function openSweepFolder(path: string, yaml: string, source: string): Promise<void> {
  const file = join(path, sweepFile)
  try {
    await makeFolder(path)
    // Another process may be writing the file at this moment.
    const others = (await readdir(path)).filter(name => !name.startsWith(sweepFile))
    const kept = await readBounded(file, 2 * yamlLimits.bytes).catch(whenNotRead)
    if (others.length > 0 && kept === undefined) {
      const problem = `is not empty and holds no ${sweepFile}; name a new folder, or that of a sweep`
      throw new HearsayError('RUN', problem, { field: '--out', value: path })
    }
    const isSource = resolve(source) === resolve(file)
    if (!isSource && kept?.toString('utf8') !== yaml) await replaceFile(file, yaml)
    for (const name of ['runs', 'jobs']) await makeFolder(join(path, name))
  } catch (error) {
    if (error instanceof HearsayError) throw error
    throw new HearsayError('RUN', whyNot(error), { field: '--out', value: path, cause: error })
  }
}

/** Run folders of a sweep's folder that are not in its plan any more, by their names. */
export async function unplanned(folder: string, runs: readonly { readonly id: string }[]): Promise<string[]> {
  const planned = new Set(runs.map(({ id }) => id))
  try {
    return (await readdir(join(folder, 'runs'))).filter(name => !planned.has(name))
  } catch (error) {
    throw explainDisk(error, folder, 'The folder of the sweep could not be read')
  }
}
