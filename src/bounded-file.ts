import { constants, type Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { whenRefused, whyNot } from './system-errors.js'

/** Why a file is not read, in words that follow its name. */
export class NotRead extends Error {}

/** Which inputs are read that are not files on a disk. */
export interface BoundedOptions {
  /** Pipes too, as of `<(…)` in a shell. @default false: a pipe may keep its reader waiting for ever */
  readonly pipes?: boolean
}

/**
 * Opens a file for reading, and nothing else: to open a pipe is to wait for its writer, in one of Node's four threads for
 * files, and Ctrl-C does not end that.
 *
 * @throws {@link NotRead} when it is no file; the system's own error
 */
export async function openFile(path: string): Promise<FileHandle> {
  mustBeFile(await stat(path))
  // It may have become a pipe since; without a wait it is opened all the same, and then seen. Windows has no such flag.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    mustBeFile(await file.stat())
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

function mustBeFile(found: Pick<Stats, 'isFile' | 'isDirectory'>): void {
  if (found.isDirectory()) throw new NotRead('is a folder, not a file')
  if (!found.isFile()) throw new NotRead('is not a file')
}

/**
 * Reads a whole file of at most `most` bytes. No more is taken into memory, whatever kind of file it is, whatever size
 * it reports, and however it grows meanwhile.
 *
 * @throws {@link NotRead} when the file is larger, or is no file; the system's own error
 */
export async function readBounded(path: string, most: number, { pipes = false }: BoundedOptions = {}): Promise<Buffer> {
  // Before it is opened: to open a pipe is to wait already.
  const found = await stat(path)
  if (!pipes || found.isDirectory()) mustBeFile(found)
  await using file = await open(path)
  const about = await file.stat()
  if (about.size > most) throw new NotRead(`has ${about.size} bytes; at most ${most} are read`)
  const bytes = Buffer.alloc(about.isFile() ? about.size : most + 1)
  let length = 0
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, about.isFile() ? length : null)
    if (bytesRead === 0) break
    length += bytesRead
  }
  if (length > most) throw new NotRead(`has more than ${most} bytes; no more are read`)
  return bytes.subarray(0, length)
}

/** For a `catch`: undefined where a file cannot be read, or not within its bound; every other error is rethrown. */
export function whenNotRead(error: unknown): undefined {
  return error instanceof NotRead ? undefined : whenRefused()(error)
}

/** The reason as a sentence: that of {@link NotRead}, or the system's. */
export function whyNotRead(error: unknown): string {
  return error instanceof NotRead ? error.message : whyNot(error)
}
