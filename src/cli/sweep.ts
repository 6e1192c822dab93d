import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pc from 'picocolors'
import { shown } from '../foreign.js'
import { command, typed } from '../shell.js'
import {
  createSweepProgress,
  ofShard,
  openSweepFolder,
  type Plan,
  type PlannedRun,
  parseShard,
  planRuns,
  readSweep,
  runAll,
  type SweepEvent,
  sweepLines,
  sweepScreen,
  sweepYaml,
  unplanned,
} from '../sweep/index.js'
import { countOf } from '../watch/index.js'
import { interruptedStatus, type Run, type Terminal } from './command.js'
import { statusesOf, tellOutcome } from './sweep-outcome.js'

interface SweepOptions {
  readonly out?: string
  readonly jobs?: number
  readonly shard?: string
  readonly again?: boolean
  readonly backend: string
}

/** A file beside this one, in which the end of its sweep ends a run. */
const program = [fileURLToPath(new URL('./sweep-child.js', import.meta.url))]

/** Status of a sweep of which runs have failed, or were ended by somebody else. */
const failedStatus = 1

export const run: Run<SweepOptions> = async ([file], options, terminal) => {
  const { stderr, signal } = terminal
  const shard = options.shard === undefined ? undefined : parseShard(options.shard)
  const sweep = await readSweep(file!)
  const plan = await planRuns(sweep, signal)
  const folder = options.out ?? join('runs', basename(file!).replace(/\.ya?ml$/i, ''))
  await openSweepFolder(folder, sweepYaml(sweep), sweep.source)
  const own = shard === undefined ? plan.runs : ofShard(plan.runs, shard)
  const before = await statusesOf(folder, own, signal)
  const queue = own.filter(run => {
    const { state } = before.get(run)!
    return state !== 'done' && (state !== 'failed' || options.again)
  })
  const done = own.filter(run => before.get(run)!.state === 'done').length
  const cores = availableParallelism()
  const jobs = Math.max(1, Math.min(options.jobs ?? cores, queue.length))
  const workers = Math.max(1, Math.floor(cores / jobs))
  const work = { queue, done, total: own.length, folder, jobs, workers }
  await announce(work, plan, terminal)
  const areStopped = await runQueue(work, options, terminal)
  if (signal.aborted) {
    stderr.write(`Interrupted; what was kept is in ${shown(folder)}; go on with: ${again(file!, options)}\n`)
    return interruptedStatus
  }
  const after = await statusesOf(folder, plan.runs, signal)
  await tellOutcome(folder, plan.runs, after, terminal)
  return areStopped || own.some(run => after.get(run)!.state === 'failed') ? failedStatus : 0
}

/** The same command, as it is typed. */
function again(file: string, { out, jobs, shard, backend }: SweepOptions): string {
  const flags = [
    ...(out === undefined ? [] : [`--out ${typed(out)}`]),
    ...(jobs === undefined ? [] : [`--jobs ${jobs}`]),
    ...(shard === undefined ? [] : [`--shard ${shard}`]),
    ...(backend === 'auto' ? [] : [`--backend ${backend}`]),
  ]
  return command(['sweep', typed(file), ...flags].join(' '))
}

/** What this process has to do. */
interface Work {
  readonly queue: readonly PlannedRun[]
  /** Of this shard, the runs that are done, and all. */
  readonly done: number
  readonly total: number
  readonly folder: string
  readonly jobs: number
  readonly workers: number
}

async function announce(
  { queue, done, total, folder, jobs, workers }: Work,
  { runs, repeated }: Plan,
  { stderr }: Terminal,
): Promise<void> {
  const strangers = (await unplanned(folder, runs)).length
  const failed = total - done - queue.length
  const row = (isThere: boolean, name: string, value: string): [string, string][] => (isThere ? [[name, value]] : [])
  const rows = [
    ...row(true, 'sweep', `${countOf(runs.length, 'run')}${total === runs.length ? '' : `, ${total} in this shard`}`),
    ...row(repeated > 0, '', `${countOf(repeated, 'combination')} more describe runs that are there already`),
    ...row(strangers > 0, '', `${countOf(strangers, 'run folder')} of an earlier sweep.yaml, left out`),
    ...row(true, 'folder', folder),
    ...row(done > 0, 'done', countOf(done, 'run')),
    ...row(failed > 0, 'failed', `${countOf(failed, 'run')}, not run again without --again`),
    ...row(queue.length === 0, 'to do', 'nothing'),
    ...row(
      queue.length > 0,
      'to do',
      `${countOf(queue.length, 'run')}, ${jobs} at a time with ${countOf(workers, 'worker')} each`,
    ),
  ]
  stderr.write(`${rows.map(([name, value]) => `${pc.dim(name.padEnd(9))}${shown(value, 400)}`).join('\n')}\n\n`)
}

/** @returns whether a run was stopped by something else than the end of this sweep */
async function runQueue(
  { queue, done, total, folder, jobs, workers }: Work,
  { backend, again = false }: SweepOptions,
  { stderr, signal }: Terminal,
): Promise<boolean> {
  if (queue.length === 0) return false
  let areStopped = false
  const progress = createSweepProgress(queue, done, jobs)
  const screen = stderr.isTTY ? sweepScreen(stderr, progress, folder, total) : undefined
  const show = screen?.show ?? sweepLines(stderr, progress)
  const onEvent = (event: SweepEvent): void => {
    if (event.type === 'ended' && event.end.state === 'interrupted') areStopped = true
    progress.add(event)
    show(event)
  }
  try {
    await runAll(queue, { folder, program, backend, again, jobs, workers, signal, onEvent })
  } finally {
    screen?.stop()
  }
  return areStopped
}
