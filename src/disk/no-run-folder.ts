import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HearsayError } from '../errors.js'
import { typed } from '../shell.js'
import { systemCode, whenRefused, whyNot } from '../system-errors.js'

/**
 * Why a folder is no run folder, and which one may be meant: runs of a sweep, or all that are in `runs`, are easily named
 * by the folder around them.
 *
 * @param missing - what a run folder has
 * @param cause - why it was not read there
 */
export async function noRunFolder(folder: string, missing: string, cause: unknown): Promise<HearsayError> {
  const isThere = systemCode(cause) === 'ENOENT' && (await isAt(folder))
  const why = isThere
    ? `has no ${missing}, so it is no run folder${await meantBy(folder)}`
    : `is no run folder: ${whyNot(cause)}`
  return new HearsayError('RUN', why, { source: folder, cause })
}

/** "; did you mean runs/*, or one of them, as runs/xrays?"; nothing where there is no run folder within. */
async function meantBy(folder: string): Promise<string> {
  const within = folder.replace(/(?<=.)\/+$/, '')
  for (const parent of [within, `${within}/runs`]) {
    const run = await firstRunIn(parent)
    if (run !== undefined) return `; did you mean ${typed(parent)}/*, or one of them, as ${typed(`${parent}/${run}`)}?`
  }
  return ''
}

async function firstRunIn(folder: string): Promise<string | undefined> {
  const names = (await readdir(folder).catch(whenRefused())) ?? []
  for (const name of names.sort()) if (await isAt(join(folder, name, 'manifest.yaml'))) return name
  return undefined
}

async function isAt(path: string): Promise<boolean> {
  return (await stat(path).catch(whenRefused())) !== undefined
}
