import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { readBounded, whenNotRead } from '../bounded-file.js'
import { keptRounds, replaceFile, summaryBytes } from '../disk/index.js'
import { HearsayError } from '../errors.js'
import { jsonIn } from '../json.js'
import { parseManifest, readManifestFile, runIdOf } from '../node/index.js'
import { whenRefused } from '../system-errors.js'
import type { RunPlace } from './folder.js'
import { isOfPlan, type PlannedRun } from './plan.js'

/** How far a run is, by its files. Whether a process sees to it now, its lock shows. */
export type RunStatus =
  | { readonly state: 'missing' }
  /** @param rounds - that are kept; undefined where the run can only begin anew */
  | { readonly state: 'begun'; readonly rounds: number | undefined }
  | { readonly state: 'failed'; readonly reason: string }
  | { readonly state: 'done' }

const summarySchema = z.object({ run: z.string(), interrupted: z.boolean() })

const failureBytes = 64 * 1024
const failureSchema = z.object({ reason: z.string() })

/**
 * Looks how far a run is.
 *
 * @throws {@link HearsayError} RUN where its folder holds another run
 */
export async function statusOf(place: RunPlace, planned: PlannedRun): Promise<RunStatus> {
  const names = await readdir(place.run).catch(whenRefused('ENOENT'))
  const rounds = await keptRounds(place.run)
  // A run writes its summary before its models, and removes its state last of all.
  if (names?.includes('summary.json') && rounds === undefined && (await isFinished(place.run, planned))) {
    return { state: 'done' }
  }
  const reason = await readFailure(place)
  if (reason !== undefined) return { state: 'failed', reason }
  return names === undefined || names.length === 0 ? { state: 'missing' } : { state: 'begun', rounds }
}

async function isFinished(folder: string, planned: PlannedRun): Promise<boolean> {
  const summary = summarySchema.safeParse(await jsonOf(join(folder, 'summary.json'), summaryBytes)).data
  if (summary === undefined || summary.interrupted) return false
  const path = join(folder, 'manifest.yaml')
  const manifest = parseManifest(await readManifestFile(path), path)
  if (isOfPlan(manifest, planned) && summary.run === Buffer.from(runIdOf(manifest)).toString('hex')) return true
  throw new HearsayError('RUN', 'holds another run than it is named after; remove it', { source: folder })
}

async function jsonOf(path: string, most: number): Promise<unknown> {
  const bytes = await readBounded(path, most).catch(whenNotRead)
  return jsonIn(bytes?.toString('utf8') ?? '')
}

/** Why a run has failed; undefined where it has not. */
export async function readFailure({ failure }: RunPlace): Promise<string | undefined> {
  return failureSchema.safeParse(await jsonOf(failure, failureBytes)).data?.reason
}

export async function writeFailure({ failure }: RunPlace, reason: string): Promise<void> {
  await replaceFile(failure, `${JSON.stringify({ reason, atMs: Date.now() }, null, 2)}\n`)
}

export async function forgetFailure({ failure }: RunPlace): Promise<void> {
  await rm(failure, { force: true })
}
