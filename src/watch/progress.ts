import type { WriteStream } from 'node:tty'
import { createLogUpdate } from 'log-update'
import pc from 'picocolors'
import type { Measure } from '../data/index.js'
import type { RoundFigures, RunEvent } from '../node/index.js'
import { besideSpreadText } from './beside-text.js'
import { createEventNotes } from './event-notes.js'
import { byteCount, duration, measured, measureNames, small } from './text.js'
import { createTimeLeft, type TimeLeft, type TimeLeftInit } from './time-left.js'

export interface ProgressInit extends TimeLeftInit {
  readonly measure: Measure
  /** Names of the peers, by their ids. */
  readonly names: ReadonlyMap<string, string>
  /** Names of the classes. */
  readonly classes: readonly string[]
  /** Where it is shown: live when this is a terminal, otherwise a line a round. */
  readonly stream: NodeJS.WriteStream | WriteStream
}

/** Shows a run as it goes on. */
export interface Progress {
  show(event: RunEvent): void
  /** Leaves the last state standing. */
  done(): void
}

/** Redraws a second: enough to look alive, and nothing to a busy machine. */
const redrawMs = 100

export function createProgress(init: ProgressInit): Progress {
  const left = createTimeLeft(init)
  const shows = init.stream.isTTY ? liveProgress(init, left) : plainProgress(init, left)
  return {
    show(event) {
      left.add(event)
      shows.show(event)
    },
    done: shows.done,
  }
}

function plainProgress({ rounds, names, measure, classes, stream }: ProgressInit, left: TimeLeft): Progress {
  const noteOf = createEventNotes(names)
  const shown = (value: number): string => measured(value, measure)
  const line = (text: string): void => {
    stream.write(`${text}\n`)
  }
  return {
    show(event) {
      const note = noteOf(event)
      if (note !== undefined) line(note)
      if (event.type === 'round') {
        const { accuracy, beside, loss, consensusDistance, sentBytes } = event
        const more = beside === undefined ? '' : besideSpreadText(beside, classes)
        const tested =
          accuracy === undefined
            ? `loss ${small(loss)}`
            : `${measureNames[measure]} ${shown(accuracy.mean)} ` +
              `(${shown(accuracy.min)} to ${shown(accuracy.max)}${accuracy.ofMean === undefined ? '' : `; averaged model ${shown(accuracy.ofMean)}`})`
        line(
          `round ${event.round + 1}/${rounds}  ${tested}  ${more === '' ? '' : `${more}  `}` +
            `${consensusDistance === undefined ? '' : `consensus ${small(consensusDistance)}  `}sent ${byteCount(sentBytes)}  ${leftText(left)}`.trimEnd(),
        )
      }
      if (event.type === 'baseline' && event.name === 'centralised' && (event.round + 1) % 5 === 0) {
        line(`baselines  round ${event.round + 1}/${rounds}  ${leftText(left)}`.trimEnd())
      }
    },
    done() {},
  }
}

function liveProgress(init: ProgressInit, left: TimeLeft): Progress {
  const { peers, rounds, measure, classes, stream } = init
  const work = createWorkMeter(init)
  const noteOf = createEventNotes(init.names)
  const shown = (value: number): string => measured(value, measure)
  const update = createLogUpdate(stream as NodeJS.WriteStream)
  const notes: string[] = []
  const trained = new Map<string, number>()
  let figures: RoundFigures | undefined
  let tested: Pick<RoundFigures, 'accuracy' | 'beside'> = {}
  let baselines: string | undefined
  let drawnAt = 0

  function draw(): void {
    const current = Math.min(rounds, Math.max(init.first ?? 0, ...trained.values()) + 1)
    const lines = [
      `${bar(work.share())} ${pc.bold(baselines ?? `round ${current}/${rounds}`)}  ${pc.dim(leftText(left))}`,
    ]
    const { accuracy, beside } = tested
    const more = beside === undefined ? '' : besideSpreadText(beside, classes)
    if (accuracy !== undefined) {
      lines.push(
        `${pc.dim(measureNames[measure].padEnd(9))} ${pc.green(shown(accuracy.mean))}  ${shown(accuracy.min)} to ${shown(accuracy.max)}` +
          (accuracy.ofMean === undefined ? '' : `  ${pc.dim('averaged model')} ${shown(accuracy.ofMean)}`),
      )
    }
    if (more !== '') lines.push(`${' '.repeat(9)} ${more}`)
    if (figures !== undefined) {
      lines.push(
        `${figures.consensusDistance === undefined ? '' : `${pc.dim('consensus')} ${small(figures.consensusDistance)}  `}${pc.dim('sent')} ${byteCount(figures.sentBytes)}` +
          `  ${pc.dim('after round')} ${figures.round + 1}  ${pc.dim('peers')} ${figures.peers}/${peers}`,
      )
    }
    update([...lines, ...notes.slice(-4)].join('\n'))
    drawnAt = performance.now()
  }

  return {
    show(event) {
      work.add(event)
      const note = noteOf(event)
      if (note !== undefined) notes.push(pc.yellow(note))
      if (event.type === 'trained') trained.set(event.peer, event.round)
      if (event.type === 'round') figures = event
      if (event.type === 'round' && event.accuracy !== undefined) tested = event
      if (event.type === 'baseline') baselines = 'baselines: each alone, and all data in one place'
      if (performance.now() - drawnAt >= redrawMs) draw()
    },
    done() {
      draw()
      update.done()
    },
  }
}

interface WorkMeter {
  add(event: RunEvent): void
  /** 0 to 1. */
  share(): number
}

/**
 * Measures how much of the training is done. A unit is a peer's training in one round; the centralised baseline does
 * as much in one round as all peers together.
 */
function createWorkMeter({ peers, rounds, baselines, first = 0 }: ProgressInit): WorkMeter {
  const total = peers * rounds * (baselines ? 3 : 1)
  let done = peers * first
  return {
    add(event) {
      if (event.type === 'trained') done += 1
      if (event.type === 'failed') done += rounds - event.round - 1
      if (event.type === 'baseline') done += event.name === 'centralised' ? peers : 1
    },
    share: () => Math.min(1, done / total),
  }
}

/** Nothing while nothing is known, and when nothing is left. */
function leftText(left: TimeLeft): string {
  const seconds = left.seconds()
  return seconds === undefined || seconds === 0 ? '' : `${duration(Math.max(1, seconds))} left`
}

function bar(share: number): string {
  const width = 24
  const full = Math.round(share * width)
  return pc.cyan('█'.repeat(full)) + pc.dim('░'.repeat(width - full))
}
