import type { PlannedRun } from './plan.js'
import type { SweepEvent } from './run.js'

/** A run that goes on. */
export interface RunningRun {
  readonly run: PlannedRun
  /** When it was begun, in milliseconds. */
  readonly sinceMs: number
  /** Behind which it was begun. */
  readonly from: number
  /** That it has kept by now. */
  readonly rounds: number
}

/** How far a sweep is. */
export interface SweepProgress {
  add(event: SweepEvent): void
  /** Notes how many rounds a run has kept by now. */
  note(run: PlannedRun, rounds: number): void
  /** In the order in which they were begun. */
  running(): readonly RunningRun[]
  /** Runs that are done, those of earlier times included. */
  readonly done: number
  readonly failed: number
  /** Runs that this process has not begun. */
  readonly waiting: number
  /** Undefined as long as no run has come to its end. */
  secondsLeft(): number | undefined
}

/** What a run costs, in units that are alike in all: rounds of a peer. Models and data may still differ. */
const unitsOf = ({ manifest: { peers } }: PlannedRun, rounds: number): number => peers * rounds

/**
 * @param queue - the runs that are not done
 * @param done - how many are
 * @param jobs - how many go on at a time
 * @param now - milliseconds. @default performance.now
 */
export function createSweepProgress(
  queue: readonly PlannedRun[],
  done: number,
  jobs: number,
  now: () => number = performance.now.bind(performance),
): SweepProgress {
  const running = new Map<string, RunningRun>()
  const waiting = new Map(queue.map(run => [run.id, run]))
  let failed = 0
  const past = { units: 0, ms: 0 }

  function end({ run, end }: Extract<SweepEvent, { type: 'ended' }>): void {
    const own = running.get(run.id)
    running.delete(run.id)
    waiting.delete(run.id)
    if (end.state === 'failed') failed += 1
    if (end.state !== 'done') return
    done += 1
    if (own === undefined) return
    past.units += unitsOf(run, run.manifest.rounds - own.from)
    past.ms += now() - own.sinceMs
  }

  return {
    add(event) {
      if (event.type === 'ended') return end(event)
      const { run, rounds } = event
      waiting.delete(run.id)
      running.set(run.id, { run, sinceMs: now(), from: rounds, rounds })
    },
    note(run, rounds) {
      const own = running.get(run.id)
      if (own !== undefined && rounds > own.rounds) running.set(run.id, { ...own, rounds })
    },
    running: () => [...running.values()],
    get done() {
      return done
    },
    get failed() {
      return failed
    },
    get waiting() {
      return waiting.size
    },
    secondsLeft() {
      if (past.units === 0) return undefined
      const units = [
        ...[...waiting.values()].map(run => unitsOf(run, run.manifest.rounds)),
        ...[...running.values()].map(({ run, rounds }) => unitsOf(run, run.manifest.rounds - rounds)),
      ]
      const left = units.reduce((sum, of) => sum + of, 0)
      return (left * past.ms) / past.units / Math.max(1, Math.min(jobs, units.length)) / 1000
    },
  }
}
