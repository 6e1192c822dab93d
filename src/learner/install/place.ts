import { readFileSync, statSync } from 'node:fs'
import { chmod, lstat, mkdir, mkdtemp, readdir, rename, rm, rmdir, statfs, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import envPaths from 'env-paths'
import * as z from 'zod'
import { HearsayError } from '../../errors.js'

/*
 * Where native TensorFlow lives: a folder of Hearsay's own, so that it serves global installs and npx alike and stays
 * when node_modules is made anew. Each installation has a folder of its own in there; the file installed.json names
 * the one in use. Writing that file is one rename, so there is never half an installation, and the library is tried
 * in the very place where it will be used.
 */

const recordName = 'installed.json'
/** It takes some 300. */
const recordBytes = 4096
/** Followed by the number of the process that installs: a folder whose process is gone is rubbish. */
const folderPrefix = 'tensorflow-'
const folderPattern = /^tensorflow-(\d+)-[A-Za-z0-9]{6}$/

const recordSchema = z.strictObject({
  folder: z.string().regex(folderPattern),
  /** The npm package that holds the binding. */
  package: z.string().regex(/^@tensorflow\/[a-z-]+$/),
  tensorflow: z.string().max(100),
  /** The wheel it came from. */
  wheel: z.string().max(200),
  cuda: z.boolean(),
  platform: z.string().max(20),
  arch: z.string().max(20),
  bytes: z.number().nonnegative(),
})

/** What is installed, as it is kept on disk. */
export type InstallationRecord = z.output<typeof recordSchema>

/** Native TensorFlow in Hearsay's own folder. */
export interface Installed extends InstallationRecord {
  /** The package's main file: require it. */
  readonly entry: string
}

/** The folder: `HEARSAY_NATIVE`, else the platform's place for a program's data. */
export function nativeFolder(): string {
  const chosen = process.env.HEARSAY_NATIVE
  return chosen === undefined || chosen === ''
    ? join(envPaths('hearsay', { suffix: '' }).data, 'native')
    : resolve(chosen)
}

/**
 * What `hearsay backend install` has put there for this kind of machine, if anything.
 *
 * @throws {@link HearsayError} `BACKEND` when it is there and damaged
 */
export function installedNative(folder: string = nativeFolder()): Installed | undefined {
  let text: string
  try {
    const path = join(folder, recordName)
    if (statSync(path).size > recordBytes) throw damaged(folder, `${recordName} has more than ${recordBytes} bytes`)
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof HearsayError) throw error
    return undefined
  }
  const record = recordSchema.safeParse(parsed(text))
  if (!record.success) throw damaged(folder, `${recordName} cannot be read`)
  // A home folder can be shared by machines of several kinds.
  if (record.data.platform !== process.platform || record.data.arch !== process.arch) return undefined
  const entry = join(folder, record.data.folder, 'node_modules', record.data.package, 'dist', 'index.js')
  if (!statSync(entry, { throwIfNoEntry: false })?.isFile()) throw damaged(folder, `${entry} is gone`)
  return { ...record.data, entry }
}

/** Makes the folder for a new installation. Until {@link publish} it is in nobody's way. */
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
  const names = await readdir(folder).catch(() => [])
  const ours = names.filter(name => name.startsWith(recordName) || folderPattern.test(name))
  if (ours.length === 0) return undefined
  const bytes = await bytesUnder(folder)
  // The record first: whoever starts from now on does not find it.
  for (const name of names.filter(name => name.startsWith(recordName))) await rm(join(folder, name), { force: true })
  await sweep(folder, undefined)
  // Only what Hearsay made is removed: HEARSAY_NATIVE may name a folder with other things in it.
  await rmdir(folder).catch(() => undefined)
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
    `${folder}: ${needed} of disk are needed and ${left} are free; free some space, or set HEARSAY_NATIVE to a folder on another disk`,
  )
}

function damaged(folder: string, what: string): HearsayError {
  return new HearsayError('BACKEND', `the installation in ${folder} is damaged (${what}); run: hearsay backend install`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
