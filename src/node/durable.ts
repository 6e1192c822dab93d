import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HearsayError } from '../errors.js'

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
 * Writes a new file and waits until the disk has it. Where that fails nothing of the file stays.
 *
 * @param mode - permissions, before the process's umask
 */
export async function writeThrough(
  path: string,
  write: (file: FileHandle) => Promise<void>,
  mode = 0o666,
): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    try {
      await write(file)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
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

/** What a refusal of the file system means to the user; undefined for what is no matter of the disk, and so a bug. */
function diskProblem(code: string | undefined): string | undefined {
  switch (code) {
    case 'ENOSPC':
      return 'the disk is full; make room'
    case 'EDQUOT':
      return 'your quota is used up; make room'
    case 'EROFS':
      return 'the disk can only be read; make it writable'
    case 'EACCES':
    case 'EPERM':
      return `this user may not read and write there (${code}); change the permissions`
    case 'ENOENT':
    case 'ENOTDIR':
      return `there is no such folder (${code}); was it moved?`
    case 'EIO':
    case 'EFBIG':
    case 'EISDIR':
    case 'EBUSY':
    case 'EMFILE':
    case 'ENFILE':
    case 'ENAMETOOLONG':
      return `it cannot be used (${code}); see to the disk`
    default:
      return undefined
  }
}

/**
 * Turns what the disk refused into advice, and leaves every other error as it is.
 *
 * @param place - the folder or file
 * @param consequence - what was not kept, what is still there, and what to do after the remedy
 */
export function explainDisk(error: unknown, place: string, consequence: string): unknown {
  const problem = diskProblem((error as NodeJS.ErrnoException | null)?.code)
  return problem === undefined
    ? error
    : new HearsayError('RUN', `${place}: ${problem}${problem.endsWith('?') ? '' : '.'} ${consequence}`, {
        cause: error,
      })
}
