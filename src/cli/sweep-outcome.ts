import { join } from 'node:path'
import pc from 'picocolors'
import { compareRuns, comparisonText, writeComparison } from '../compare/index.js'
import { shown } from '../foreign.js'
import { nameOf, type PlannedRun, placeOf, type RunStatus, statusOf } from '../sweep/index.js'
import { countOf } from '../watch/index.js'
import type { Terminal } from './command.js'

/** By run. */
export type Statuses = ReadonlyMap<PlannedRun, RunStatus>

/** How far each run is. Listing 10,000 folders of a shared disk takes a while. */
export async function statusesOf(folder: string, runs: readonly PlannedRun[], signal?: AbortSignal): Promise<Statuses> {
  const statuses = new Map<PlannedRun, RunStatus>()
  for (const run of runs) {
    signal?.throwIfAborted()
    statuses.set(run, await statusOf(placeOf(folder, run), run))
  }
  return statuses
}

/** Failures that are printed; the others are in the folder. */
const failuresShown = 10

/** Compares the runs that are done, in the order of the list, and prints which are not. */
export async function tellOutcome(
  folder: string,
  runs: readonly PlannedRun[],
  statuses: Statuses,
  { stdout, signal }: Terminal,
): Promise<void> {
  const done = runs.filter(run => statuses.get(run)!.state === 'done')
  if (done.length > 0) {
    const comparison = await compareRuns(
      done.map(run => placeOf(folder, run).run),
      { among: runs.map(({ manifest }) => manifest), signal },
    )
    const files = { html: join(folder, 'comparison.html'), csv: join(folder, 'comparison.csv') }
    await writeComparison(comparison, files)
    stdout.write(`${comparisonText(comparison, stdout.columns)}\n\n`)
    stdout.write(`${pc.dim('comparison, for a browser'.padEnd(28))}${shown(files.html)}\n`)
    stdout.write(`${pc.dim('a row for each run'.padEnd(28))}${shown(files.csv)}\n`)
  }
  stdout.write(`${leftText(folder, runs, statuses)}\n`)
}

/** "20 of 24 runs are done, 1 failed, 3 missing", and why those failed. */
function leftText(folder: string, runs: readonly PlannedRun[], statuses: Statuses): string {
  const count = (state: RunStatus['state']): number => [...statuses.values()].filter(one => one.state === state).length
  const missing = count('missing') + count('begun')
  const failed = runs.flatMap(run => {
    const status = statuses.get(run)!
    return status.state === 'failed' ? [{ run, reason: status.reason }] : []
  })
  const parts = [
    `${count('done')} of ${countOf(runs.length, 'run')} are done`,
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
    ...(missing > 0
      ? [`${missing} missing: other shards or processes have them, or the same command goes on with them`]
      : []),
  ]
  const reasons = failed
    .slice(0, failuresShown)
    .map(
      ({ run, reason }) =>
        `${pc.yellow('failed')}  ${nameOf(run)}: ${shown(reason, 1000)} (${shown(placeOf(folder, run).log)})`,
    )
  const more = failed.length - failuresShown
  return [
    parts.join(', '),
    ...reasons,
    ...(more > 0 ? [`and ${more} more, each with a failed.json in ${shown(join(folder, 'jobs'))}`] : []),
    ...(failed.length > 0 ? ['--again runs those again that have failed'] : []),
  ].join('\n')
}
