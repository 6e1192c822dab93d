import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pc from 'picocolors'
import { shown } from '../foreign.js'
import { typed } from '../shell.js'
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

/** Status of a sweep of which runs have failed. */
const failedStatus = 1

export const run: Run<SweepOptions> = async ([file], options, terminal) => {
  const { stderr, signal } = terminal
  const shard = options.shard === undefined ? undefined : parseShard(options.shard)
  const sweep = await readSweep(file!)
  const plan = await planRuns(sweep, signal)
  const folder = options.out ?? join('runs', basename(file!).replace(/\.ya?ml$/i, ''))
  await openSweepFolder(folder, sweepYaml(sweep))
  const own = shard === undefined ? plan.runs : ofShard(plan.runs, shard)
  const before = await statusesOf(folder, own, signal)
  const queue = own.filter(run => {
    const { state } = before.get(run)!
    return state !== 'done' && (state !== 'failed' || options.again)
  })
  const cores = availableParallelism()
  const jobs = Math.max(1, Math.min(options.jobs ?? cores, queue.length))
  const workers = Math.max(1, Math.floor(cores / jobs))
  await announce({ plan, folder, own: own.length, queue: queue.length, jobs, workers }, terminal)
  const done = own.filter(run => before.get(run)!.state === 'done').length
  await runQueue({ queue, done, total: own.length, folder, jobs, workers }, options, terminal)
  const after = await statusesOf(folder, plan.runs)
  if (!signal.aborted) await tellOutcome(folder, plan.runs, after, terminal)
  const isLeft = own.some(run => after.get(run)!.state !== 'done')
  if (signal.aborted && isLeft) {
    stderr.write(`Interrupted; what was kept is in ${shown(folder)}; go on with: ${again(file!, options)}\n`)
    return interruptedStatus
  }
  return own.some(run => after.get(run)!.state === 'failed') ? failedStatus : 0
}

/** The same command, as it is typed. */
function again(file: string, { out, jobs, shard, backend }: SweepOptions): string {
  const flags = [
    ...(out === undefined ? [] : [`--out ${typed(out)}`]),
    ...(jobs === undefined ? [] : [`--jobs ${jobs}`]),
    ...(shard === undefined ? [] : [`--shard ${shard}`]),
    ...(backend === 'auto' ? [] : [`--backend ${backend}`]),
  ]
  return ['hearsay sweep', typed(file), ...flags].join(' ')
}

interface Announced {
  readonly plan: Plan
  readonly folder: string
  readonly own: number
  readonly queue: number
  readonly jobs: number
  readonly workers: number
}

async function announce({ plan, folder, own, queue, jobs, workers }: Announced, { stderr }: Terminal): Promise<void> {
  const { runs, repeated } = plan
  const strangers = (await unplanned(folder, runs)).length
  const rows: [string, string][] = [
    ['sweep', `${countOf(runs.length, 'run')}${own === runs.length ? '' : `, ${own} of them in this part`}`],
    ...(repeated > 0
      ? [['', `${countOf(repeated, 'combination')} more describe a run that is there already`] as [string, string]]
      : []),
    ...(strangers > 0
      ? [['', `${countOf(strangers, 'run folder')} of an earlier sweep.yaml, left as they are`] as [string, string]]
      : []),
    ['folder', folder],
    [
      'to do',
      queue === 0 ? 'nothing' : `${countOf(queue, 'run')}, ${jobs} at a time with ${countOf(workers, 'worker')} each`,
    ],
  ]
  stderr.write(`${rows.map(([name, value]) => `${pc.dim(name.padEnd(9))}${shown(value, 400)}`).join('\n')}\n\n`)
}

interface Queue {
  readonly queue: readonly PlannedRun[]
  /** Of this part, the runs that are done, and all. */
  readonly done: number
  readonly total: number
  readonly folder: string
  readonly jobs: number
  readonly workers: number
}

async function runQueue(
  { queue, done, total, folder, jobs, workers }: Queue,
  { backend, again = false }: SweepOptions,
  { stderr, signal }: Terminal,
): Promise<void> {
  if (queue.length === 0) return
  const progress = createSweepProgress(queue, done, jobs)
  const screen = stderr.isTTY ? sweepScreen(stderr, progress, folder, total) : undefined
  const show = screen?.show ?? sweepLines(stderr, progress)
  const onEvent = (event: SweepEvent): void => {
    progress.add(event)
    show(event)
  }
  try {
    await runAll(queue, { folder, program, backend, again, jobs, workers, signal, onEvent })
  } finally {
    screen?.stop()
  }
}
