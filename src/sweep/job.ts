import { rm, stat } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { createDeadline } from '../deadline.js'
import { lockIfFree, makeFolder, replaceFile } from '../disk/index.js'
import { manifestYaml } from '../node/index.js'
import { whenRefused, whyNot } from '../system-errors.js'
import { type ChildEnd, type RunProgram, runChild } from './child.js'
import { placeOf, type RunPlace } from './folder.js'
import { lastWords } from './log.js'
import type { PlannedRun } from './plan.js'
import { forgetFailure, statusOf, writeFailure } from './status.js'

export interface JobInit {
  /** Of the sweep. */
  readonly folder: string
  readonly program: RunProgram
  /** Training threads of the run. */
  readonly workers: number
  readonly backend: string
  /** Run those again that have failed. */
  readonly again: boolean
  readonly signal: AbortSignal
  /** Called when the run is begun, or goes on behind so many rounds. */
  readonly onBegin: (rounds: number) => void
}

/** What became of a run. */
export type JobEnd =
  | { readonly state: 'done' }
  | { readonly state: 'failed'; readonly reason: string }
  /** Another process sees to it. */
  | { readonly state: 'elsewhere' }
  | { readonly state: 'interrupted' }

/** How long the process of a sweep that was killed may take to end, or its claim to grow old on another machine. */
const orphanMs = 40_000
const lookMs = 200

/** The status of `hearsay` where Ctrl-C, or the end of its sweep, has ended it. */
const interruptedStatus = 130

/** Runs a run that is not done, unless another process holds it. Of all processes on all machines one does. */
export async function runJob(planned: PlannedRun, init: JobInit): Promise<JobEnd> {
  const place = placeOf(init.folder, planned)
  await makeFolder(place.job)
  const lock = await lockIfFree(place.job, init.signal)
  if (lock === undefined) return { state: 'elsewhere' }
  const until = createDeadline(init.signal, lock.lost)
  try {
    return await runHeld(place, planned, { ...init, signal: until.signal })
  } catch (error) {
    if (!until.signal.aborted) throw error
    return { state: lock.lost.aborted ? 'elsewhere' : 'interrupted' }
  } finally {
    until.clear()
    await lock.release()
  }
}

async function runHeld(place: RunPlace, planned: PlannedRun, init: JobInit): Promise<JobEnd> {
  const { signal, again } = init
  if (!(await isLeft(place.run, signal))) return { state: 'elsewhere' }
  const status = await statusOf(place, planned)
  if (status.state === 'done' || (status.state === 'failed' && !again)) return status
  await forgetFailure(place)
  // A run that has failed may have kept rounds before.
  const now = status.state === 'failed' ? await statusOf(place, planned) : status
  const rounds = now.state === 'begun' ? now.rounds : undefined
  if (rounds === undefined) await rm(place.run, { recursive: true, force: true })
  init.onBegin(rounds ?? 0)
  const end = await runChild({ ...init, args: await argsOf(place, planned, rounds, init), log: place.log })
  const after = await statusOf(place, planned)
  if (after.state === 'done') return after
  if (signal.aborted || (end.kind === 'status' && end.status === interruptedStatus)) return { state: 'interrupted' }
  const reason = await reasonOf(end, place)
  await writeFailure(place, reason)
  return { state: 'failed', reason }
}

async function argsOf(
  place: RunPlace,
  { manifest }: PlannedRun,
  rounds: number | undefined,
  { backend, workers }: JobInit,
): Promise<string[]> {
  if (rounds !== undefined) return ['simulate', '--resume', place.run]
  await replaceFile(place.manifest, manifestYaml(manifest))
  const machine = ['--backend', backend, '--workers', String(workers), '--no-baselines']
  return ['simulate', place.manifest, '--out', place.run, ...machine]
}

/**
 * Waits until no process writes to the run folder: that of a sweep that was killed ends by itself, a moment later.
 *
 * @returns false where one goes on, as when a person has resumed the run by hand
 */
async function isLeft(folder: string, signal: AbortSignal): Promise<boolean> {
  const patience = createDeadline(signal)
  patience.within(orphanMs, new Error('The run folder is in use'))
  try {
    while (!(await isFree(folder, patience.signal))) await setTimeout(lookMs, undefined, { signal: patience.signal })
    return true
  } catch (error) {
    signal.throwIfAborted()
    if (!patience.signal.aborted) throw error
    return false
  } finally {
    patience.clear()
  }
}

async function isFree(folder: string, signal: AbortSignal): Promise<boolean> {
  if ((await stat(folder).catch(whenRefused('ENOENT'))) === undefined) return true
  const lock = await lockIfFree(folder, signal)
  await lock?.release()
  return lock !== undefined
}

async function reasonOf(end: ChildEnd, { log }: RunPlace): Promise<string> {
  switch (end.kind) {
    case 'error':
      return `its process could not be started: ${whyNot(end.error)}`
    case 'signal':
      return `its process was ended by ${end.signal}${end.signal === 'SIGKILL' ? ', as where memory is short' : ''}`
    case 'status':
      return (await lastWords(log)) || `its process ended with status ${end.status}`
  }
}
