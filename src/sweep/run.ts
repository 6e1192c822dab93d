import { type JobEnd, type JobInit, runJob } from './job.js'
import type { PlannedRun } from './plan.js'

/** What happens in a sweep, for whoever shows it. */
export type SweepEvent =
  /** @param rounds - behind which the run goes on; 0 where it begins */
  | { readonly type: 'begun'; readonly run: PlannedRun; readonly rounds: number }
  | { readonly type: 'ended'; readonly run: PlannedRun; readonly end: JobEnd }

export interface SweepRunInit extends Omit<JobInit, 'onBegin'> {
  /** Runs at a time. */
  readonly jobs: number
  readonly onEvent: (event: SweepEvent) => void
}

/**
 * Runs what is not done, so many at a time, in the order of the list. A run that another process holds is looked at once
 * more at the end, when that process may have left it. Resolves when all have ended, or the signal has ended them.
 */
export async function runAll(runs: readonly PlannedRun[], init: SweepRunInit): Promise<void> {
  const elsewhere = await runOnce(runs, init, false)
  if (elsewhere.length > 0) await runOnce(elsewhere, init, true)
}

/** @returns the runs that other processes hold */
async function runOnce(runs: readonly PlannedRun[], init: SweepRunInit, isLast: boolean): Promise<PlannedRun[]> {
  const { jobs, signal, onEvent } = init
  const waiting = [...runs]
  const elsewhere: PlannedRun[] = []
  const work = async (): Promise<void> => {
    for (let run = waiting.shift(); run !== undefined && !signal.aborted; run = waiting.shift()) {
      const planned = run
      const onBegin = (rounds: number): void => onEvent({ type: 'begun', run: planned, rounds })
      const end = await runJob(planned, { ...init, onBegin })
      if (end.state === 'elsewhere') elsewhere.push(planned)
      if (end.state !== 'elsewhere' || isLast) onEvent({ type: 'ended', run: planned, end })
    }
  }
  // An error of the disk ends the sweep, but not before the other runs have kept what they have.
  const ended = await Promise.allSettled(Array.from({ length: Math.min(jobs, runs.length) }, work))
  for (const result of ended) if (result.status === 'rejected' && !signal.aborted) throw result.reason
  return elsewhere
}
