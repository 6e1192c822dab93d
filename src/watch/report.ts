import pc from 'picocolors'
import { type Beside, isError } from '../data/index.js'
import { shown } from '../foreign.js'
import { areShares, methodNamed, type ReportTexts, reportTextsOf } from '../methods/index.js'
import { besideMeasured, figureName, isShare, shownBeside, untestedText } from './beside-text.js'
import type { Fairness } from './fairness.js'
import { figureText } from './figures-text.js'
import { finalText } from './final-text.js'
import { privacyText } from './privacy-text.js'
import type { BesideFigures, PeerSummary, RunSummary } from './summary.js'
import { wideTable } from './table.js'
import {
  backdoorText,
  byteCount,
  bytesText,
  count,
  countOf,
  duration,
  gained,
  measured,
  measureNames,
  plain,
  small,
} from './text.js'

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
  const [leads, besides] = columnsOf(summary)
  const head = [
    'peer',
    'name',
    'samples',
    ...leads.map(({ title }) => title),
    measureNames[measure],
    ...besides.map(({ title }) => title),
    ...figures.map(([, { label }]) => label),
    ...(alone ? [...(leads.length === 0 ? ['alone'] : leads.map(({ title }) => `${title} alone`)), 'gain'] : []),
  ]
  const rows = perPeer.map(({ peer, name, samples, accuracy, failed, ...others }) => [
    String(peer),
    shown(name),
    count(samples),
    ...leads.map(({ name }) => besideMeasured(name, others[name])),
    `${measured(accuracy, measure)}${standing(failed, others.attack)}`,
    ...besides.map(beside => besideMeasured(beside.name, others[beside.name])),
    ...figures.map(([name, text]) => figureText(others.figures?.[name], text, measure)),
    ...(alone ? aloneCells({ accuracy, ...others }, summary) : []),
  ])
  return wideTable(head, rows, width)
}

/** What is to be known of a peer beside its figure. */
function standing(failed: boolean, attack: string | undefined): string {
  if (attack !== undefined) return ` (${failed ? 'killed, ' : ''}attacks: ${attack})`
  return failed ? ' (killed)' : ''
}

interface Column {
  readonly name: keyof Beside
  readonly title: string
}

/** What stands before the measure in tables, and what beside it. */
function columnsOf(summary: RunSummary): [leads: Column[], besides: Column[]] {
  const { beside, rarest, isUnbalanced, primary, perPeer } = summary
  const what = rarest === null ? undefined : `${shown(rarest.class)} (${count(rarest.samples)})`
  const column = (name: keyof Beside): Column => ({ name, title: figureName(name, what) })
  const leads = primary === 'accuracy' ? [] : [column(primary)]
  const isOfTwo = perPeer.some(({ byClass }) => byClass?.length === 2)
  return [leads, shownBeside(beside, { isUnbalanced, isOfTwo }, primary).map(column)]
}

/** How people read what the run's method reports. */
function textsOf({ merge, believe, reputation }: RunSummary): ReportTexts {
  const rule = believe === undefined ? undefined : { rule: believe }
  return reportTextsOf({ merge: { method: merge }, believe: rule, reputation })
}

/** More rows and columns than these no terminal has room for; the run folder has them all. */
const weightsLimit = 16

/** Each peer's weights of the others in percent, or its numbers of them, a row for each peer, of the last test. */
function weightTables(summary: RunSummary, width: number | undefined): string[] {
  return Object.entries(textsOf(summary).perPeer ?? {}).flatMap(([name, text]) => {
    const table = summary.between?.[name]
    if (table === undefined || table.length > weightsLimit) return []
    const isShare = areShares(text)
    const shown = (value: number | null): string =>
      value === null ? '–' : isShare ? (100 * value).toFixed(0) : value.toFixed(2)
    const rows = table.map((row, self) => {
      const cells = row.map(shown)
      return [`peer ${self}`, ...cells.map((text, peer) => (peer === self ? pc.bold(text) : text))]
    })
    const head = [text.label, ...table.map((_, peer) => `${peer}`)]
    const below = isShare ? `percent of ${text.of}; the ${text.own} in bold` : text.of
    return [`${wideTable(head, rows, width)}\n${pc.dim(below)}`]
  })
}

function outcome(summary: RunSummary, width: number | undefined): string {
  const { accuracy, beside, measure, untested } = summary
  const shown = (value: number | null): string => measured(value, measure)
  const [leads, besides] = columnsOf(summary)
  const rows: string[][] = []
  const cells = (columns: readonly Column[], of: (figures: BesideFigures) => number | null): string[] =>
    columns.map(({ name }) => besideMeasured(name, beside[name] && of(beside[name])))
  const ranges = (columns: readonly Column[]): string[] =>
    columns.map(({ name }) => {
      const { min, max } = beside[name] ?? {}
      return `${besideMeasured(name, min)} to ${besideMeasured(name, max)}`
    })
  const row = (title: string, value: number, of: (figures: BesideFigures) => number | null): string[] => [
    title,
    ...cells(leads, of),
    shown(value),
    ...cells(besides, of),
  ]
  if (accuracy.localOnly !== null) {
    rows.push(row('local only (mean)', accuracy.localOnly, ({ localOnly }) => localOnly))
  }
  const mean = ({ mean }: BesideFigures): number => mean
  rows.push(
    [
      pc.bold('Hearsay (mean)'),
      ...cells(leads, mean).map(text => pc.bold(text)),
      pc.bold(pc.green(shown(accuracy.mean))),
      ...cells(besides, mean).map(text => pc.bold(text)),
    ],
    [
      'Hearsay (lowest to highest)',
      ...ranges(leads),
      `${shown(accuracy.min)} to ${shown(accuracy.max)}`,
      ...ranges(besides),
    ],
  )
  if (accuracy.ofMean !== null) {
    const none = (columns: readonly Column[]): string[] => columns.map(() => '')
    rows.push(['Hearsay (averaged model)', ...none(leads), shown(accuracy.ofMean), ...none(besides)])
  }
  if (accuracy.centralised !== null) {
    rows.push(row('centralised (all data in one place)', accuracy.centralised, ({ centralised }) => centralised))
  }
  const titles = (columns: readonly Column[]): string[] => columns.map(({ title }) => title)
  const head = ['', ...titles(leads), measureNames[measure], ...titles(besides)]
  const table = wideTable(head, rows, width)
  const notes = [honestText(summary), untestedText(untested)].filter(note => note !== undefined)
  return [table, ...notes.map(note => pc.dim(note))].join('\n')
}

/** Of a run with attackers: whose figures these are. */
function honestText({ attackers, peers, faults }: RunSummary): string | undefined {
  if (attackers === undefined) return undefined
  return `of the ${countOf(peers - attackers.length, 'honest peer')}; the others attack: ${faults?.attack?.join(', ')}`
}

function figures(summary: RunSummary): string {
  const { bytes, model } = summary
  const rows: [string, string][] = [
    ...(summary.fairness === null ? [] : [['over peers', fairnessText(summary.fairness, summary)] as [string, string]]),
    ...(summary.consensusDistance === null
      ? []
      : [['consensus distance', small(summary.consensusDistance)] as [string, string]]),
    ...(summary.final === undefined
      ? []
      : [['final merge', finalText(summary.final, summary.measure)] as [string, string]]),
    ...(summary.backdoor === undefined
      ? []
      : [['backdoor succeeds', backdoorText(summary.backdoor)] as [string, string]]),
    // Published heads go to everybody, and sampled peers' to each other, whatever the topology.
    ...(methodNamed(summary.merge).road !== 'neighbours' || summary.sampled !== undefined
      ? []
      : [['spectral gap', small(summary.spectralGap)] as [string, string]]),
    ...(summary.sampled === undefined
      ? []
      : [
          ['in a round', `${Math.min(summary.sampled, summary.peers)} of ${countOf(summary.peers, 'peer')}`] as [
            string,
            string,
          ],
        ]),
    ['sent', `${byteCount(bytes.sent)}, ${byteCount(bytes.perPeerPerRound)} per peer and round`],
    ['on the wire', bytesText(summary.traffic.sent)],
    ['shared', `${count(model.shared)} of ${count(model.parameters)} parameters`],
    ...(summary.privacy === undefined ? [] : [['privacy', privacyText(summary.privacy)] as [string, string]]),
    ['time', `${duration(summary.seconds)}, ${count(Math.round(summary.samplesPerSecond))} samples/s`],
    ['memory', `${count(summary.peakRssMB)} MB at most`],
  ]
  if (summary.absent > 0) rows.push(['heads that did not come', count(summary.absent)])
  return rows.map(([name, value]) => `${pc.dim(name.padEnd(24))}${value}`).join('\n')
}

/** "worst 61.2 % (dallas), 10th percentile 63.0 %, Jain's index 0.982". */
function fairnessText({ figure, worst, percentile10, jain }: Fairness, { measure }: RunSummary): string {
  const text = (value: number): string =>
    figure === 'accuracy' ? measured(value, measure) : besideMeasured(figure, value)
  const parts = [`worst ${text(worst.value)} (${shown(worst.name)})`, `10th percentile ${text(percentile10)}`]
  return [...parts, ...(jain === null ? [] : [`Jain's index ${jain.toFixed(3)}`])].join(', ')
}

function rejections({ rejected }: RunSummary): string[] {
  const reasons = Object.entries(rejected).filter(([, times]) => times > 0)
  if (reasons.length === 0) return []
  return [`${pc.dim('rejected'.padEnd(24))}${reasons.map(([reason, times]) => `${reason} ${count(times)}`).join(', ')}`]
}

/** What a peer would have had alone, in the figure that is shown first, and how much better it is than that. */
function aloneCells(
  { accuracy, localOnly, localOnlyBeside = {}, ...beside }: Omit<PeerSummary, 'peer' | 'name' | 'samples' | 'failed'>,
  { primary, measure }: RunSummary,
): string[] {
  if (primary === 'accuracy') {
    return [measured(localOnly, measure), gain(accuracy, localOnly, (own, alone) => gained(own - alone, measure))]
  }
  const [own, alone] = [beside[primary] ?? null, localOnlyBeside[primary] ?? null]
  return [besideMeasured(primary, alone), gain(own, alone, (own, alone) => besideGained(primary, own, alone))]
}

function gain(own: number | null, alone: number | null, text: (own: number, alone: number) => string): string {
  if (own === null || alone === null) return '–'
  const better = text(own, alone)
  return better.startsWith('+') ? pc.green(better) : pc.red(better)
}

/** How much better one model is than another in such a figure: "+3.1" points, "+0.041", "+2.5" units less of an error. */
function besideGained(name: keyof Beside, value: number, alone: number): string {
  const better = isError(name) ? alone - value : value - alone
  if (name === 'mae' || name === 'rmse') return `${better >= 0 ? '+' : ''}${plain(better)}`
  return gained(better, isShare(name) ? 'accuracy' : 'r2')
}
