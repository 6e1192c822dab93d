import { createLogUpdate } from 'log-update'
import pc from 'picocolors'
import { measureOf } from '../../data/index.js'
import type { ReportedRun, Reporter, RoundFigures, RunEvent } from '../../node/index.js'
import { besideSpreadText, primarySpreadText } from '../beside-text.js'
import { createEventNotes } from '../event-notes.js'
import { byteCount, measured, measureNames, small } from '../text.js'
import { createTimeLeftText } from '../time-left.js'

/** From one redraw to the next: enough to look alive, and nothing to a busy machine. */
const redrawMs = 100

/** A simulation on a terminal: how far it is and what it came to so far, redrawn in place. */
export function terminalReporter(stream: NodeJS.WriteStream): Reporter {
  let screen: Screen | undefined
  return {
    onBegin(run) {
      screen = createScreen(run, stream)
    },
    onEvent: event => screen!.show(event),
    onEnd: () => screen!.done(),
  }
}

const baselinesTitle = 'baselines: each alone, and all data in one place'

interface Screen {
  show(event: RunEvent): void
  /** Leaves the last state standing. */
  done(): void
}

function createScreen(run: ReportedRun, stream: NodeJS.WriteStream): Screen {
  const { peers, rounds } = run.manifest
  const work = createWorkMeter(run)
  const left = createTimeLeftText(run)
  const noteOf = createEventNotes(run.members)
  const update = createLogUpdate(stream)
  const notes: string[] = []
  let current = run.rounds
  let figures: RoundFigures | undefined
  let tested: RoundFigures | undefined
  let baselines: string | undefined
  let drawnAt = 0

  function draw(): void {
    const title = baselines ?? `round ${Math.min(rounds, current + 1)}/${rounds}`
    const lines = [`${bar(work.share())} ${pc.bold(title)}  ${pc.dim(left.text())}`, ...testedLines(tested, run)]
    if (figures !== undefined) {
      const { consensusDistance, sentBytes, round } = figures
      lines.push(
        `${consensusDistance === undefined ? '' : `${pc.dim('consensus')} ${small(consensusDistance)}  `}${pc.dim('sent')} ${byteCount(sentBytes)}` +
          `  ${pc.dim('after round')} ${round + 1}  ${pc.dim(figures.attackers === undefined ? 'peers' : 'honest peers')} ${figures.peers}/${peers}`,
      )
    }
    update([...lines, ...notes.slice(-4)].join('\n'))
    drawnAt = performance.now()
  }

  return {
    show(event) {
      work.add(event)
      left.add(event)
      const note = noteOf(event)
      if (note !== undefined) notes.push(pc.yellow(note))
      if (event.type === 'trained') current = Math.max(current, event.round)
      if (event.type === 'round') figures = event
      if (event.type === 'round' && event.round + 1 === rounds && run.baselines) baselines = baselinesTitle
      if (event.type === 'round' && event.accuracy !== undefined) tested = event
      if (event.type === 'baseline') baselines = baselinesTitle
      if (performance.now() - drawnAt >= redrawMs) draw()
    },
    done() {
      draw()
      update.done()
    },
  }
}

/** Of the last round that was tested. */
function testedLines(tested: RoundFigures | undefined, { manifest, classes }: ReportedRun): string[] {
  if (tested?.accuracy === undefined) return []
  const measure = measureOf(manifest.data)
  const { primary = 'accuracy' } = manifest.evaluation
  const { mean, min, max, ofMean } = tested.accuracy
  const ofAll = ofMean === undefined ? '' : `  ${pc.dim('averaged model')} ${measured(ofMean, measure)}`
  const more = tested.beside === undefined ? '' : besideSpreadText(tested.beside, classes, primary)
  const lead = primarySpreadText(tested.beside, primary)
  return [
    ...(lead === '' ? [] : [`${' '.repeat(9)} ${pc.bold(lead)}`]),
    `${pc.dim(measureNames[measure].padEnd(9))} ${pc.green(measured(mean, measure))}  ${measured(min, measure)} to ${measured(max, measure)}${ofAll}`,
    ...(more === '' ? [] : [`${' '.repeat(9)} ${more}`]),
  ]
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
function createWorkMeter({ manifest: { peers, rounds }, rounds: first, baselines }: ReportedRun): WorkMeter {
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

function bar(share: number): string {
  const width = 24
  const full = Math.round(share * width)
  return pc.cyan('█'.repeat(full)) + pc.dim('░'.repeat(width - full))
}
