import { join } from 'node:path'
import { createLogUpdate } from 'log-update'
import pc from 'picocolors'
import stringWidth from 'string-width'
import { keptRounds, roundsTold } from '../../disk/index.js'
import { shown } from '../../foreign.js'
import { duration } from '../../watch/index.js'
import { placeOf } from '../folder.js'
import type { PlannedRun } from '../plan.js'
import type { RunningRun, SweepProgress } from '../progress.js'
import type { SweepEvent } from '../run.js'
import { leftText, nameOf } from './lines.js'

/** From one drawing to the next; each lists a folder for every run that goes on. */
const redrawMs = 500

/** Runs and failures that are shown: more would not fit on a terminal, and are counted. */
const rowsShown = 16

/** A sweep on a terminal: a table of the runs that go on, drawn again in its place. */
export interface SweepScreen {
  show(event: SweepEvent): void
  /** Leaves the last state standing. Idempotent. */
  stop(): void
}

/**
 * @param folder - of the sweep
 * @param total - number of its runs
 */
export function sweepScreen(
  stream: NodeJS.WriteStream,
  progress: SweepProgress,
  folder: string,
  total: number,
): SweepScreen {
  const update = createLogUpdate(stream)
  const failures: string[] = []
  let looking = false

  function draw(): void {
    update(screenText(progress, failures, total, stream.columns || 80))
  }

  async function look(): Promise<void> {
    // A slow disk, as of a network, makes the drawings rarer.
    if (looking) return
    looking = true
    for (const { run } of progress.running()) {
      progress.note(run, (await roundsOf(run, placeOf(folder, run).run).catch(() => undefined)) ?? 0)
    }
    looking = false
  }

  const timer = setInterval(() => {
    draw()
    void look()
  }, redrawMs)
  return {
    show(event) {
      if (event.type === 'ended' && event.end.state === 'failed') {
        failures.push(`${nameOf(event.run)}: ${shown(event.end.reason)}`)
      }
      draw()
    },
    stop() {
      clearInterval(timer)
      draw()
      update.done()
    },
  }
}

/** A run in mode async keeps no rounds, and tells of each once its slowest peer has ended it. */
function roundsOf({ manifest }: PlannedRun, folder: string): Promise<number | undefined> {
  return manifest.mode === 'async' ? roundsTold(join(folder, 'metrics.jsonl')) : keptRounds(folder)
}

/** @param now - milliseconds, as the progress has them */
export function screenText(
  progress: SweepProgress,
  failures: readonly string[],
  total: number,
  width: number,
  now = performance.now(),
): string {
  const running = progress.running()
  const counts = [
    `${running.length} running`,
    `${progress.waiting} waiting`,
    ...(progress.failed > 0 ? [pc.red(`${progress.failed} failed`)] : []),
  ]
  const title = `${bar(progress.done / Math.max(1, total))} ${pc.bold(`${progress.done}/${total} runs`)}`
  return [
    `${title}  ${counts.join(', ')}  ${pc.dim(leftText(progress))}`.trimEnd(),
    ...cut(running).map(own => rowOf(own, width, now)),
    ...more(running, 'more run'),
    ...failures.slice(-4).map(failure => pc.yellow(shortened(`failed: ${failure}`, width))),
  ].join('\n')
}

const cut = <T>(rows: readonly T[]): readonly T[] => rows.slice(0, rowsShown)

function more(rows: readonly unknown[], noun: string): string[] {
  const count = rows.length - rowsShown
  return count > 0 ? [pc.dim(`and ${count} ${noun}${count === 1 ? '' : 's'}`)] : []
}

function rowOf({ run, rounds, sinceMs }: RunningRun, width: number, now: number): string {
  const { rounds: of } = run.manifest
  const round = `round ${Math.min(of, rounds + 1)}/${of}`
  const seconds = duration((now - sinceMs) / 1000)
  const state = `${round.padEnd(2 * String(of).length + 7)}  ${seconds}`
  const room = Math.max(8, Math.min(72, width - state.length - 3))
  const name = shortened(nameOf(run), room)
  return `${name}${' '.repeat(Math.max(0, room - stringWidth(name)))}  ${pc.dim(state)}`
}

/** A line that wraps would not be drawn over. */
function shortened(text: string, width: number): string {
  return stringWidth(text) < width ? text : `${text.slice(0, Math.max(1, width - 2))}…`
}

function bar(share: number): string {
  const width = 24
  const full = Math.round(share * width)
  return pc.cyan('█'.repeat(full)) + pc.dim('░'.repeat(width - full))
}
