import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HearsayError } from '../errors.js'
import { systemProblem } from '../system-errors.js'

/*
 * Files that are there whole or not at all, whenever the process or the power goes: written beside their place, brought
 * to the disk, and only then given their name.
 */

/** What an unfinished file's name ends with. Whoever finds one finds what a crash left. */
export const unfinishedEnding = '.part'

/** A name beside `path` that nobody else writes to. */
export function unfinishedName(path: string): string {
  return `${path}.${randomBytes(8).toString('hex')}${unfinishedEnding}`
}

/**
 * Writes a new file. The disk has it in its own time, or after {@link syncFiles}. Where writing fails nothing of the file
 * stays.
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

/** Does the same, and waits until the disk has the file. */
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

/** So many are open at a time: as many as Node's threads. */
const syncedAtOnce = 4

/** Waits until the disk has files that are written. It mostly has all once it has the first. */
export async function syncFiles(paths: readonly string[]): Promise<void> {
  const waiting = [...paths]
  const syncOneByOne = async (): Promise<void> => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      // Windows brings only those to the disk that may be written to.
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

/** Gives a finished file its name, in the place of what had it before, and waits until the disk knows. */
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
 * Puts `content` in the place of what the file held: a reader sees the one or the other, also after a crash.
 *
 * @param mode - permissions, before the process's umask
 */
export async function replaceFile(path: string, content: string | Uint8Array, mode?: number): Promise<void> {
  const unfinished = unfinishedName(path)
  await writeThrough(unfinished, file => file.writeFile(content), mode)
  await moveInto(unfinished, path)
}

/** Makes a folder, with those above it, and waits until the disk knows. One that is there already is left as it is. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true })
  if (first !== undefined) await syncFolder(dirname(first))
}

/** A new name is durable only once its folder is. */
export async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders as files, and needs none of this: NTFS keeps names in a journal.
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * Turns what the disk refused into advice, and leaves every other error as it is.
 *
 * @param place - the folder or file
 * @param consequence - what was not kept, what is still there, and what to do after the remedy
 */
export function explainDisk(error: unknown, place: string, consequence: string): unknown {
  const problem = systemProblem(error)
  return problem === undefined
    ? error
    : new HearsayError('RUN', `${problem}. ${consequence}`, { source: place, cause: error })
}
