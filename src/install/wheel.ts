import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { HearsayError } from '../errors.js'
import { whenRefused } from '../system-errors.js'
import { readDescription, type WheelDescription } from './description.js'

/**
 * Bounds on a wheel from outside. TensorFlow's have 16,500 entries, and the largest library in them has 0.8 GB; the
 * CUDA libraries' largest is as large.
 */
export const wheelLimits = {
  fileBytes: 4e9,
  entries: 50_000,
  entryBytes: 4e9,
  unpackedBytes: 16e9,
} as const

/** A file of a wheel that is wanted, and where it goes, relative to a folder. */
export interface Wanted {
  readonly entry: Entry
  readonly to: string
}

/** A wheel that has been opened and described. Close it. */
export interface Wheel extends WheelDescription {
  readonly path: string
  readonly bytes: number
  /** By name, folders left out. */
  readonly entries: ReadonlyMap<string, Entry>
  /** The sha256 of each file, base64url, as the wheel's RECORD has it. */
  readonly record: ReadonlyMap<string, string>
  readonly zip: ZipFile
  close(): void
}

/**
 * Opens a wheel and reads its description; nothing is unpacked.
 *
 * @throws {@link HearsayError} `BACKEND` when it is no wheel or exceeds {@link wheelLimits}
 */
export async function openWheel(path: string): Promise<Wheel> {
  const file = await stat(path).catch(whenRefused('ENOENT', 'ENOTDIR'))
  if (!file?.isFile()) throw broken(path, 'there is no such file')
  if (file.size > wheelLimits.fileBytes)
    throw broken(path, `it has ${file.size} bytes; the limit is ${wheelLimits.fileBytes}`)
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false, strictFileNames: true }).catch(error => {
    throw broken(path, `it is no zip archive (${reasonOf(error)}); download it again`)
  })
  try {
    const entries = await entriesOf(zip, path)
    const { record, ...description } = await readDescription(path, zip, entries)
    return { ...description, path, bytes: file.size, entries, record, zip, close: () => zip.close() }
  } catch (error) {
    zip.close()
    throw error instanceof HearsayError ? error : broken(path, `${reasonOf(error)}; download it again`)
  }
}

async function entriesOf(zip: ZipFile, path: string): Promise<Map<string, Entry>> {
  if (zip.entryCount > wheelLimits.entries) {
    throw broken(path, `it has ${zip.entryCount} entries; the limit is ${wheelLimits.entries}`)
  }
  const entries = new Map<string, Entry>()
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName
    if (name.endsWith('/')) continue
    if (!isPlainName(name)) throw broken(path, `the entry ${JSON.stringify(name)} would leave the folder`)
    if (entries.has(name)) throw broken(path, `the entry ${JSON.stringify(name)} is there twice`)
    entries.set(name, entry)
  }
  return entries
}

/** A name that stays under the folder it is joined to. yauzl refuses most others by itself; this does not rest on it. */
export function isPlainName(name: string): boolean {
  if (name === '' || name.length > 1024 || name.includes('\\') || name.includes('\0') || /^[A-Za-z]:/.test(name))
    return false
  return name.split('/').every(part => part !== '' && part !== '.' && part !== '..')
}

/** What {@link unpack} will take on disk. */
export function unpackedBytes(wanted: readonly Wanted[]): number {
  return wanted.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0)
}

/**
 * Unpacks some entries. Each is checked against the hash in the wheel's RECORD as it is written: a zip archive that
 * was damaged on its way can still unpack, and a library with one wrong byte would train wrongly or crash.
 *
 * @throws {@link HearsayError} `BACKEND`; the signal's reason. Files written so far are left to the caller
 */
export async function unpack(
  wheel: Wheel,
  wanted: readonly Wanted[],
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const total = unpackedBytes(wanted)
  if (total > wheelLimits.unpackedBytes) {
    throw broken(wheel.path, `it unpacks to ${total} bytes; the limit is ${wheelLimits.unpackedBytes}`)
  }
  for (const { entry, to } of wanted) {
    signal.throwIfAborted()
    await unpackOne(wheel, entry, join(folder, to), signal)
  }
}

async function unpackOne(wheel: Wheel, entry: Entry, to: string, signal: AbortSignal): Promise<void> {
  const { fileName, uncompressedSize } = entry
  const mode = entry.externalFileAttributes >>> 16
  // A link could point anywhere, and whatever is written "under" it would land there.
  if ((mode & 0o170000) === 0o120000) throw broken(wheel.path, `the entry ${fileName} is a symbolic link`)
  if (uncompressedSize > wheelLimits.entryBytes) {
    throw broken(
      wheel.path,
      `the entry ${fileName} has ${uncompressedSize} bytes; the limit is ${wheelLimits.entryBytes}`,
    )
  }
  const expected = wheel.record.get(fileName)
  if (expected === undefined) throw broken(wheel.path, `its RECORD has no sha256 of ${fileName}`)
  await mkdir(dirname(to), { recursive: true })
  const hash = createHash('sha256')
  try {
    await pipeline(
      // yauzl ends the stream with an error when it grows beyond the size that the entry claims.
      await wheel.zip.openReadStreamPromise(entry),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk)
          yield chunk
        }
      },
      // wx: never over something that is there. Programs such as ptxas must stay executable.
      createWriteStream(to, { flags: 'wx', mode: mode & 0o111 ? 0o755 : 0o644 }),
      { signal },
    )
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
      throw new HearsayError('BACKEND', `the disk of ${dirname(to)} is full; free some space, or set HEARSAY_NATIVE`)
    }
    throw broken(wheel.path, `${fileName}: ${reasonOf(error)}; download it again`)
  }
  if (hash.digest('base64url') !== expected) {
    throw broken(wheel.path, `${fileName} does not have the sha256 that its RECORD names; download it again`)
  }
}

function broken(path: string, what: string): HearsayError {
  return new HearsayError('BACKEND', what, { source: basename(path) })
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
