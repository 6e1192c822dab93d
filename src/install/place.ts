import { statSync } from 'node:fs'
import { chmod, lstat, mkdir, mkdtemp, readdir, rename, rm, rmdir, statfs, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { HearsayError } from '../errors.js'
import {
  folderPattern,
  folderPrefix,
  type InstallationRecord,
  nativeFolder,
  recordName,
} from '../learner/backend/installed.js'
import { whenRefused } from '../system-errors.js'

/*
 * The folder of native TensorFlow, as it is written: see learner/backend/installed.ts for what is in it. An
 * installation comes into use with one rename of installed.json, so there is never half an installation, and the
 * library is tried in the very place where it will be used.
 */

/** Makes the folder for a new installation. Until {@link publish} nothing uses it. */
export async function makePlace(folder: string = nativeFolder()): Promise<string> {
  try {
    await mkdir(folder, { recursive: true })
    return await mkdtemp(join(folder, `${folderPrefix}${process.pid}-`))
  } catch (error) {
    throw new HearsayError(
      'BACKEND',
      `${folder} cannot be written to (${reasonOf(error)}); set HEARSAY_NATIVE to a folder that can`,
    )
  }
}

/** Makes an installation the one in use, and removes those before it. */
export async function publish(record: InstallationRecord, folder: string = nativeFolder()): Promise<void> {
  // mkdtemp closes it to everyone else; an installation may be shared by the users of a machine.
  await chmod(join(folder, record.folder), 0o755)
  const written = join(folder, `${recordName}.${process.pid}`)
  await writeFile(written, `${JSON.stringify(record, undefined, 2)}\n`)
  await rename(written, join(folder, recordName))
  await sweep(folder, record.folder)
}

/**
 * Takes an installation away: the one in use and what was left by installers that were killed.
 *
 * @returns the bytes it took; undefined when there was nothing
 */
export async function removeInstalled(folder: string = nativeFolder()): Promise<number | undefined> {
  const names = (await readdir(folder).catch(whenRefused('ENOENT', 'ENOTDIR'))) ?? []
  const ours = names.filter(name => name.startsWith(recordName) || folderPattern.test(name))
  if (ours.length === 0) return undefined
  const bytes = await bytesUnder(folder)
  // The record first: a process that starts from now on does not find it.
  for (const name of names.filter(name => name.startsWith(recordName))) await rm(join(folder, name), { force: true })
  await sweep(folder, undefined)
  // Only what Hearsay made is removed: HEARSAY_NATIVE may name a folder with other things in it.
  await rmdir(folder).catch(whenRefused('ENOTEMPTY', 'EEXIST', 'ENOENT'))
  return bytes
}

/** Removes the installations in a folder, but for one and for those that are just being made. */
async function sweep(folder: string, keep: string | undefined): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(folderPattern.exec(name)?.[1])
    if (Number.isNaN(pid) || name === keep || (pid !== process.pid && isAlive(pid))) continue
    await rm(join(folder, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Disk that a folder takes; links are not followed. */
export async function bytesUnder(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    bytes += (await lstat(join(entry.parentPath, entry.name))).blocks * 512
  }
  return bytes
}

/**
 * Checks that a disk has room, before anything is downloaded to it.
 *
 * @param folder - need not be there yet
 * @throws {@link HearsayError} `BACKEND` with what is needed and what is free
 */
export async function checkSpace(folder: string, neededBytes: number): Promise<void> {
  let existing = resolve(folder)
  while (statSync(existing, { throwIfNoEntry: false }) === undefined && dirname(existing) !== existing)
    existing = dirname(existing)
  const { bavail, bsize } = await statfs(existing)
  const free = bavail * bsize
  if (free >= neededBytes) return
  const [needed, left] = [neededBytes, free].map(bytes => `${(bytes / 1e9).toFixed(1)} GB`)
  throw new HearsayError(
    'BACKEND',
    `${needed} of disk are needed and ${left} are free; free some space, or set HEARSAY_NATIVE to a folder on another disk`,
    { source: folder },
  )
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
