import { open, stat } from 'node:fs/promises'
import { whenRefused, whyNot } from './system-errors.js'

/** Why a file is not read, in words that follow its name. */
export class NotRead extends Error {}

/** What of a reader's file may be no file on a disk. */
export interface BoundedOptions {
  /** A pipe too, as of `<(…)` in a shell. @default false: it may keep its reader waiting for ever */
  readonly pipes?: boolean
}

/**
 * A whole file of at most so many bytes. No more is taken into memory, whatever the file is, claims or becomes meanwhile.
 *
 * @throws {@link NotRead} when it is larger, or no file; the system's own error
 */
export async function readBounded(path: string, most: number, { pipes = false }: BoundedOptions = {}): Promise<Buffer> {
  // Before it is opened: to open a pipe is to wait already.
  const found = await stat(path)
  if (found.isDirectory()) throw new NotRead('is a folder, not a file')
  if (!found.isFile() && !pipes) throw new NotRead('is not a file')
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

/** For a `catch`: nothing where a file cannot be read, or not within its bound; every other error goes on. */
export function whenNotRead(error: unknown): undefined {
  return error instanceof NotRead ? undefined : whenRefused()(error)
}

/** The reason as a sentence, of ours or of the system. */
export function whyNotRead(error: unknown): string {
  return error instanceof NotRead ? error.message : whyNot(error)
}
