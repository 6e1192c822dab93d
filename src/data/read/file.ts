import type { Dirent, Stats } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import type { HearsayError } from '../../errors.js'
import { whyNot } from '../../system-errors.js'
import { type DataLimits, dataError, dataLimits, inflatedLimit } from '../limits.js'

const gunzip = promisify(zlib.gunzip)

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
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    if (cause instanceof Error && cause.name === 'HearsayError') throw cause
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
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR') return 'neither'
    throw fileError(link, cause)
  }
}

/**
 * A whole file, decompressed when its name ends in .gz.
 *
 * @throws {@link HearsayError} when it cannot be read, is too large, or its compressed data are damaged
 */
export async function readBytes(path: string, limits: DataLimits = dataLimits): Promise<Uint8Array> {
  if ((await kindOf(path)) === 'folder') throw dataError(path, 'is a folder, not a file')
  let bytes: Uint8Array
  try {
    await using handle = await open(path)
    const { size } = await handle.stat()
    if (size > limits.fileBytes) throw dataError(path, `has ${size} bytes; at most ${limits.fileBytes} are read`)
    bytes = await handle.readFile()
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'HearsayError') throw cause
    throw fileError(path, cause)
  }
  return /\.gz$/i.test(path) ? inflate(path, bytes, limits) : bytes
}

async function inflate(path: string, bytes: Uint8Array, limits: DataLimits): Promise<Uint8Array> {
  const { most, refusal } = inflatedLimit(bytes.length, limits)
  try {
    return await gunzip(bytes, { maxOutputLength: most })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw dataError(path, refusal, cause)
    }
    if (code === 'Z_BUF_ERROR') throw dataError(path, 'its compressed data end too early; was it cut off?', cause)
    throw dataError(path, 'is not valid gzip data; was it damaged, or is it not compressed?', cause)
  }
}
