import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { HearsayError } from '../errors.js'
import { systemProblem, whenRefused } from '../system-errors.js'

/*
 * Atomic files: whole or absent, whenever the process dies or the power fails. Each is written under a temporary name,
 * synced to the disk, and only then renamed.
 */

/** Ending of an unfinished file's name. Such a file that no process writes to was left by a crash. */
export const unfinishedEnding = '.part'

/** A name beside `path` that no other writer uses. */
export function unfinishedName(path: string): string {
  return `${path}.${randomBytes(8).toString('hex')}${unfinishedEnding}`
}

/**
 * Writes a new file. It reaches the disk when the system writes it back, or with {@link syncFiles}. If writing fails,
 * the file is removed.
 *
 * @param mode - permissions, before the process's umask
 */
export async function writeNew(path: string, write: (file: FileHandle) => Promise<void>, mode = 0o666): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    try {
      await write(file)
    } finally {
      await file.close()
    }
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

/** Like {@link writeNew}, but waits until the file is on the disk. */
export async function writeThrough(
  path: string,
  write: (file: FileHandle) => Promise<void>,
  mode?: number,
): Promise<void> {
  const through = async (file: FileHandle): Promise<void> => {
    await write(file)
    await file.sync()
  }
  await writeNew(path, through, mode)
}

/** Files open at a time: as many as Node's threads. */
const syncedAtOnce = 4

/** Waits until written files are on the disk. Once the first is, usually all are. */
export async function syncFiles(paths: readonly string[]): Promise<void> {
  const waiting = [...paths]
  const syncOneByOne = async (): Promise<void> => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      // Windows syncs only files that are open for writing.
      const file = await open(path, 'r+')
      try {
        await file.sync()
      } finally {
        await file.close()
      }
    }
  }
  await Promise.all(Array.from({ length: syncedAtOnce }, syncOneByOne))
}

/** Renames a finished file, replacing any file of that name, and waits until the new name is on the disk. */
export async function moveInto(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    await rm(from, { force: true })
    throw error
  }
  await syncFolder(dirname(to))
}

/**
 * Replaces a file's content atomically: a reader sees either the old or the new one, also after a crash.
 *
 * @param mode - permissions, before the process's umask
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array | Iterable<string>,
  mode?: number,
): Promise<void> {
  const unfinished = unfinishedName(path)
  await writeThrough(unfinished, file => writeFile(file, content), mode)
  await moveInto(unfinished, path)
}

/**
 * Puts a content where a user said, in place of what is there. A link is followed: what it names is replaced. What is no
 * file, such as /dev/null or a pipe, is written to: replaced, it would be gone for the whole machine.
 */
export async function putFile(path: string, content: string | Uint8Array): Promise<void> {
  const found = await stat(path).catch(whenRefused('ENOENT'))
  if (found === undefined) return replaceFile(path, content)
  if (found.isFile()) return replaceFile(await realpath(path), content)
  await writeFile(path, content)
}

/**
 * Flags to append to a file of a folder that may come from somebody else: a link in its place is not followed, and a pipe
 * is not waited for. Windows has neither flag.
 */
export const appendFlags =
  constants.O_WRONLY |
  constants.O_APPEND |
  constants.O_CREAT |
  (constants.O_NOFOLLOW ?? 0) |
  (constants.O_NONBLOCK ?? 0)

/**
 * Creates a folder and its parents, and waits until they are on the disk. An existing folder is left unchanged. Node's
 * own `recursive` says of a disk that can only be read that there is no such folder, and never ends in `/proc`.
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = []
  for (let place = resolve(path); !(await isThere(place)); place = dirname(place)) missing.unshift(place)
  for (const place of missing) {
    // Another process may make it at this moment.
    await mkdir(place).catch(whenRefused('EEXIST'))
  }
  // A file stands there.
  if (!(await stat(path)).isDirectory()) await mkdir(path)
  if (missing.length > 0) await syncFolder(dirname(missing[0]!))
}

/** @throws {@link HearsayError} `RUN` where a link is there that leads nowhere */
async function isThere(path: string): Promise<boolean> {
  if (await stat(path).catch(whenRefused('ENOENT'))) return true
  if (await lstat(path).catch(whenRefused('ENOENT'))) {
    throw new HearsayError('RUN', 'is a link that leads nowhere; remove it, or make its folder', { source: path })
  }
  return false
}

/** A new name is durable only once its folder is. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder as a file, and need not sync it: NTFS keeps names in a journal.
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * Turns a disk's error into one with advice, and returns every other error unchanged.
 *
 * @param place - the folder or file
 * @param consequence - what was not kept, what is still there, and what to do once the problem is solved
 */
export function explainDisk(error: unknown, place: string, consequence: string): unknown {
  const problem = systemProblem(error)
  return problem === undefined
    ? error
    : new HearsayError('RUN', `${problem}. ${consequence}`, { source: place, cause: error })
}
