import type { Dirent, ReadStream, Stats } from 'node:fs'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { HearsayError } from '../../errors.js'
import { whyNot } from '../../system-errors.js'
import { sharedPixels } from '../dataset.js'
import { type DataLimits, dataError, dataLimits } from '../limits.js'
import type { Reading, ReadProgress } from '../reading.js'
import { codeOf, inflate, inflated, pieceBytes } from './inflate.js'

/** What the operating system said, in words that tell what to do. */
export function fileError(path: string, cause: unknown): HearsayError {
  return dataError(path, whyNot(cause), cause)
}

/** What stands at a path; undefined when nothing does. */
export async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) return 'folder'
    // A pipe or a device could be read for ever.
    if (!found.isFile()) throw dataError(path, 'is neither a file nor a folder')
    return 'file'
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    if (isOurs(cause)) throw cause
    throw fileError(path, cause)
  }
}

/** What stands in a folder. */
export interface Entry {
  readonly name: string
  /** Links count as what they lead to; a link to nothing, a pipe or a device is neither. */
  readonly kind: 'file' | 'folder' | 'neither'
}

/** What systems leave in folders by themselves, in lower case: nobody put it there, and nobody misses it. */
const systemFiles: ReadonlySet<string> = new Set(['thumbs.db', 'ehthumbs.db', 'desktop.ini', '__macosx', '@eadir'])

/**
 * A folder's entries by code unit, not by locale: the order decides class numbers and must be the same everywhere. What
 * is hidden, or a system's own, is left out.
 */
export async function listEntries(path: string, limits: DataLimits = dataLimits): Promise<Entry[]> {
  let found: Dirent[]
  try {
    found = await readdir(path, { withFileTypes: true })
  } catch (cause) {
    throw fileError(path, cause)
  }
  if (found.length > limits.entries) {
    throw dataError(path, `has ${found.length} entries; at most ${limits.entries} are read`)
  }
  const entries: Entry[] = []
  for (const entry of found) {
    if (entry.name.startsWith('.') || systemFiles.has(entry.name.toLowerCase())) continue
    entries.push({
      name: entry.name,
      kind: entry.isSymbolicLink() ? await kindBehind(join(path, entry.name)) : kindIn(entry),
    })
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The names alone. */
export async function listFolder(path: string, limits: DataLimits = dataLimits): Promise<string[]> {
  return (await listEntries(path, limits)).map(({ name }) => name)
}

function kindIn(found: Dirent | Stats): Entry['kind'] {
  return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'neither'
}

async function kindBehind(link: string): Promise<Entry['kind']> {
  try {
    return kindIn(await stat(link))
  } catch (cause) {
    const code = codeOf(cause)
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR') return 'neither'
    throw fileError(link, cause)
  }
}

/** Between two looks at the signal. */
const stretchBytes = 1 << 24

/** A file as it is read, one piece after another. */
export type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/**
 * A file, decompressed when its name ends in .gz, piece by piece. It is opened when the first piece is requested, and
 * closed when no more are.
 *
 * @throws {@link HearsayError} when it cannot be read, grows too far, or its compressed data are damaged; the signal's
 * reason
 */
export async function* bytesOf(
  path: string,
  limits: DataLimits = dataLimits,
  reading: Reading = {},
): AsyncGenerator<Uint8Array> {
  await using handle = await opened(path)
  const { size } = await handle.stat()
  // The memory sets no limit to what it may grow to, its own size does.
  const free = { ...limits, inflatedBytes: Number.POSITIVE_INFINITY }
  const read = (): ReadStream => handle.createReadStream({ autoClose: false, start: 0, highWaterMark: pieceBytes })
  try {
    if (/\.gz$/i.test(path)) {
      // Decompressing takes a tenth of the time of what is done with the pieces: what grows too far is refused before.
      for await (const _ of followed(inflated(path, read(), size, free), { signal: reading.signal }));
      const file = read()
      yield* followed(inflated(path, file, size, free), reading, () => ({ path, done: file.bytesRead, of: size }))
    } else {
      const file = read()
      yield* followed(file, reading, () => ({ path, done: file.bytesRead, of: size }))
    }
  } catch (cause) {
    reading.signal?.throwIfAborted()
    throw isOurs(cause) ? cause : fileError(path, cause)
  }
}

/**
 * The same pieces, until the signal ends them.
 *
 * @param progress - called with every piece. @default progress is not reported
 */
export async function* followed(
  pieces: Pieces,
  { signal, onRead }: Reading,
  progress?: (piece: Uint8Array) => ReadProgress,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    signal?.throwIfAborted()
    if (progress !== undefined) onRead?.(progress(piece))
    yield piece
  }
}

async function opened(path: string): Promise<FileHandle> {
  if ((await kindOf(path)) === 'folder') throw dataError(path, 'is a folder, not a file')
  try {
    return await open(path)
  } catch (cause) {
    throw fileError(path, cause)
  }
}

/**
 * A whole file on shared memory, decompressed when its name ends in .gz.
 *
 * @throws {@link HearsayError} when it cannot be read, is too large, or its compressed data are damaged; the signal's
 * reason
 */
export async function readBytes(
  path: string,
  limits: DataLimits = dataLimits,
  { signal }: Pick<Reading, 'signal'> = {},
): Promise<Uint8Array> {
  signal?.throwIfAborted()
  await using handle = await opened(path)
  try {
    const { size } = await handle.stat()
    if (size > limits.fileBytes) throw dataError(path, `has ${size} bytes; at most ${limits.fileBytes} are read`)
    const bytes = await whole(handle, size, signal)
    if (bytes.length < size) throw dataError(path, 'was cut off while it was read')
    return /\.gz$/i.test(path) ? await inflate(path, bytes, limits, signal) : bytes
  } catch (cause) {
    signal?.throwIfAborted()
    throw isOurs(cause) ? cause : fileError(path, cause)
  }
}

async function whole(handle: FileHandle, size: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const bytes = sharedPixels(size)
  let length = 0
  while (length < size) {
    signal?.throwIfAborted()
    const { bytesRead } = await handle.read(bytes, length, Math.min(size - length, stretchBytes), length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return bytes.subarray(0, length)
}

/** Does it come from the operating system? */
export function isSystems(cause: unknown): boolean {
  return cause instanceof Error && 'syscall' in cause
}

/** Is it said in a sentence already? */
export function isOurs(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'HearsayError'
}
