import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import envPaths from 'env-paths'
import * as z from 'zod'
import { HearsayError } from '../../errors.js'
import { jsonIn } from '../../json.js'
import { command } from '../../shell.js'
import { systemCode } from '../../system-errors.js'

/*
 * Where native TensorFlow lives: a folder of Hearsay's own, so that it serves global installs and npx alike and stays
 * when node_modules is made anew. Each installation has a folder of its own in there; the file installed.json names
 * the one in use. `src/install` writes them.
 */

/** The file that names the installation in use. */
export const recordName = 'installed.json'
/** It takes some 300. */
const recordBytes = 4096
/** Followed by the number of the process that installs: a folder whose process is gone is rubbish. */
export const folderPrefix = 'tensorflow-'
/** The name of an installation's folder. */
export const folderPattern = /^tensorflow-(\d+)-[A-Za-z0-9]{6}$/

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
    // Most often there is none; a folder that cannot be read is of no use either.
    if (systemCode(error) === undefined) throw error
    return undefined
  }
  const record = recordSchema.safeParse(jsonIn(text))
  if (!record.success) throw damaged(folder, `${recordName} cannot be read`)
  // A home folder can be shared by machines of several kinds.
  if (record.data.platform !== process.platform || record.data.arch !== process.arch) return undefined
  const entry = join(folder, record.data.folder, 'node_modules', record.data.package, 'dist', 'index.js')
  if (!statSync(entry, { throwIfNoEntry: false })?.isFile()) throw damaged(folder, `${entry} is gone`)
  return { ...record.data, entry }
}

function damaged(folder: string, what: string): HearsayError {
  return new HearsayError(
    'BACKEND',
    `the installation in ${folder} is damaged (${what}); run: ${command('backend install')}`,
  )
}
