import pc from 'picocolors'
import type { Measure } from '../data/index.js'
import { shown } from '../foreign.js'
import { methodNamed, type ReportTexts } from '../methods/index.js'
import { besideMeasured, type ShownBeside, untestedText } from './beside-text.js'
import { figureText } from './figures-text.js'
import type { BesideFigures, RunSummary } from './summary.js'
import { wideTable } from './table.js'
import { byteCount, count, duration, gained, measured, measureNames, small } from './text.js'

/**
 * The summary for people: a table of peers, then what the run amounts to.
 *
 * @param width - of the terminal, in characters; left out, tables may have any width
 */
export function report(summary: RunSummary, width?: number): string {
  const parts = [peerTable(summary, width), ...weightTables(summary, width), outcome(summary, width), figures(summary)]
  return [parts.join('\n\n'), ...rejections(summary)].join('\n')
}

function peerTable(summary: RunSummary, width: number | undefined): string {
  const { perPeer, measure } = summary
  const alone = perPeer.some(peer => peer.localOnly !== null)
  const figures = Object.entries(textsOf(summary).figures ?? {}).filter(([name]) =>
    perPeer.some(peer => peer.figures?.[name] !== undefined),
  )
  const besides = shownBeside(summary)
  const head = [
    'peer',
    'name',
    'samples',
    measureNames[measure],
    ...besides.map(({ title }) => title),
    ...figures.map(([, { label }]) => label),
    ...(alone ? ['alone', 'gain'] : []),
  ]
  const rows = perPeer.map(({ peer, name, samples, accuracy, localOnly, failed, ...others }) => [
    String(peer),
    shown(name),
    count(samples),
    failed ? `${measured(accuracy, measure)} (killed)` : measured(accuracy, measure),
    ...besides.map(beside => besideMeasured(beside.name, others[beside.name])),
    ...figures.map(([name, text]) => figureText(others.figures?.[name], text, measure)),
    ...(alone ? [measured(localOnly, measure), gain(accuracy, localOnly, measure)] : []),
  ])
  return wideTable(head, rows, width)
}

/** What stands beside the measure in tables: nothing where classes are of much the same size. */
function shownBeside({ beside, rarest, isUnbalanced }: RunSummary): { name: ShownBeside; title: string }[] {
  if (beside.mae !== undefined) {
    return [
      { name: 'mae', title: 'MAE' },
      { name: 'rmse', title: 'RMSE' },
    ]
  }
  if (!isUnbalanced) return []
  const what = rarest === null ? 'rarest class' : `${shown(rarest.class)} (${count(rarest.samples)})`
  return [
    { name: 'balancedAccuracy', title: 'balanced' },
    { name: 'rarestRecall', title: `${what} found` },
  ]
}

/** How people read what the run's method reports. */
function textsOf({ merge }: RunSummary): ReportTexts {
  return methodNamed(merge).reports ?? {}
}

/** More rows and columns than these no terminal has room for; the run folder has them all. */
const weightsLimit = 16

/** Each peer's weights of the others in percent, a row for each peer, of the last test. */
function weightTables(summary: RunSummary, width: number | undefined): string[] {
  return Object.entries(textsOf(summary).perPeer ?? {}).flatMap(([name, { label, own, of }]) => {
    const table = summary.between?.[name]
    if (table === undefined || table.length > weightsLimit) return []
    const rows = table.map((row, self) => {
      const cells = row.map(weight => (100 * weight).toFixed(0))
      return [`peer ${self}`, ...cells.map((text, peer) => (peer === self ? pc.bold(text) : text))]
    })
    const head = [label, ...table.map((_, peer) => `${peer}`)]
    return [`${wideTable(head, rows, width)}\n${pc.dim(`percent of ${of}; the ${own} in bold`)}`]
  })
}

function outcome(summary: RunSummary, width: number | undefined): string {
  const { accuracy, beside, measure, untested } = summary
  const shown = (value: number | null): string => measured(value, measure)
  const besides = shownBeside(summary)
  const rows: string[][] = []
  const others = (of: (figures: BesideFigures) => number | null): string[] =>
    besides.map(({ name }) => besideMeasured(name, beside[name] && of(beside[name])))
  if (accuracy.localOnly !== null) {
    rows.push(['local only (mean)', shown(accuracy.localOnly), ...others(({ localOnly }) => localOnly)])
  }
  rows.push(
    [
      pc.bold('Hearsay (mean)'),
      pc.bold(pc.green(shown(accuracy.mean))),
      ...others(({ mean }) => mean).map(text => pc.bold(text)),
    ],
    [
      'Hearsay (lowest to highest)',
      `${shown(accuracy.min)} to ${shown(accuracy.max)}`,
      ...besides.map(({ name }) => {
        const { min, max } = beside[name] ?? {}
        return `${besideMeasured(name, min)} to ${besideMeasured(name, max)}`
      }),
    ],
  )
  if (accuracy.ofMean !== null) {
    rows.push(['Hearsay (averaged model)', shown(accuracy.ofMean), ...besides.map(() => '')])
  }
  if (accuracy.centralised !== null) {
    rows.push([
      'centralised (all data in one place)',
      shown(accuracy.centralised),
      ...others(({ centralised }) => centralised),
    ])
  }
  const table = wideTable(['', measureNames[measure], ...besides.map(({ title }) => title)], rows, width)
  const leftOut = untestedText(untested)
  return leftOut === undefined ? table : `${table}\n${pc.dim(leftOut)}`
}

function figures(summary: RunSummary): string {
  const { bytes, model } = summary
  const rows: [string, string][] = [
    ...(summary.consensusDistance === null
      ? []
      : [['consensus distance', small(summary.consensusDistance)] as [string, string]]),
    // Published heads go to everybody, whatever the topology.
    ...(methodNamed(summary.merge).road === 'everybody'
      ? []
      : [['spectral gap', small(summary.spectralGap)] as [string, string]]),
    ['sent', `${byteCount(bytes.sent)}, ${byteCount(bytes.perPeerPerRound)} per peer and round`],
    ['shared', `${count(model.shared)} of ${count(model.parameters)} parameters`],
    ['time', `${duration(summary.seconds)}, ${count(Math.round(summary.samplesPerSecond))} samples/s`],
    ['memory', `${count(summary.peakRssMB)} MB at most`],
  ]
  if (summary.absent > 0) rows.push(['heads that did not come', count(summary.absent)])
  return rows.map(([name, value]) => `${pc.dim(name.padEnd(24))}${value}`).join('\n')
}

function rejections({ rejected }: RunSummary): string[] {
  const reasons = Object.entries(rejected).filter(([, times]) => times > 0)
  if (reasons.length === 0) return []
  return [`${pc.dim('rejected'.padEnd(24))}${reasons.map(([reason, times]) => `${reason} ${count(times)}`).join(', ')}`]
}

function gain(accuracy: number | null, localOnly: number | null, measure: Measure): string {
  if (accuracy === null || localOnly === null) return '–'
  const text = gained(accuracy - localOnly, measure)
  return accuracy >= localOnly ? pc.green(text) : pc.red(text)
}
