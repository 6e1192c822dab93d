import { shown } from '../foreign.js'
import { privacyText } from '../watch/privacy-text.js'
import type { RunRecord } from '../watch/record/shape.js'
import {
  backdoorText,
  byteCount,
  bytesText,
  count,
  countOf,
  deviceText,
  duration,
  firstOf,
  percent,
  small,
} from '../watch/text.js'
import type { Facts, RunAbout } from './data.js'
import { qualityOf } from './quality.js'
import type { KeptSummary } from './summary.js'

/* Facts as rows of two columns. Nothing here knows Node: a browser that follows a run makes them anew. */

type Row = readonly [name: string, value: string]

/** A row where there is a value. */
function row<T>(name: string, value: T | undefined | null, text: (value: T) => string): Row[] {
  return value === undefined || value === null ? [] : [[name, text(value)]]
}

/** A folder may come from anybody, and so may its texts. */
const asIs = (text: string): string => shown(text)

/** What the run ran on. */
export function environmentOf(summary: KeptSummary, { fromMs, untilMs }: RunRecord): Facts {
  return [
    ...row('backend', summary.backend, asIs),
    ...row('device', summary.device, ({ name, memoryBytes }) =>
      deviceText({ kind: 'cpu', name: shown(name), ...(memoryBytes !== undefined && { memoryBytes }) }),
    ),
    ...row('steps', summary.steps, steps => {
      const { stepsInLoop = 0 } = summary
      return stepsInLoop === 0 ? count(steps) : `${count(steps)}, ${count(stepsInLoop)} of them many in one call`
    }),
    ...row('transport', summary.transport, asIs),
    ...row('memory', summary.peakRssMB, megabytes => `${count(megabytes)} MB at most`),
    ...row('began', fromMs, timeText),
    ...row('last event', untilMs, timeText),
  ]
}

function timeText(ms: number): string {
  const time = new Date(ms)
  return Number.isNaN(time.getTime()) ? '–' : `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** The first of each kind, and how many more. */
function faultsText({ fail = [], lie = [], attack = [], disconnect = 0 }: NonNullable<KeptSummary['faults']>): string {
  const first = (all: readonly string[]): string =>
    firstOf(
      all.map(fault => shown(fault)),
      1,
    )
  return [
    ...(fail.length > 0 ? [`killed ${first(fail)}`] : []),
    ...(lie.length > 0 ? [`lying from ${first(lie)}`] : []),
    ...(attack.length > 0 ? [`attacks ${first(attack)}`] : []),
    ...(disconnect > 0 ? [`${percent(disconnect)} of the ways cut`] : []),
  ].join('; ')
}

/** The first hint that the rule of `believe` is too strict, and to how many peers more it was given. */
function strictnessText({ members, rounds }: RunRecord): string | undefined {
  const told = rounds.flatMap(({ round, tooStrict }) => tooStrict.map(hint => ({ round, ...hint })))
  const [first] = told
  if (first === undefined) return undefined
  const others = new Set(told.map(({ peer }) => peer)).size - 1
  const who = `${members[first.peer]!.name}${others > 0 ? ` and ${countOf(others, 'other')}` : ''}`
  const { field, apart } = first
  const norms = small(apart ?? Number.POSITIVE_INFINITY)
  return `too strict at ${who} in round ${count(first.round + 1)}; heads of the first rounds lay at ${norms} of the own norm: a larger ${field} lets more in`
}

/** What it amounts to. */
export function outcomeOf({ summary, rounds, graph, ...about }: RunAbout, record: RunRecord): Facts {
  const { bytes, model } = summary
  const done =
    summary.rounds ?? record.rounds.filter(({ columns }) => columns.roundSeconds.some(n => n !== null)).length
  const state = summary.interrupted === undefined ? ' so far' : summary.interrupted ? ', interrupted' : ''
  return [
    ...qualityOf(summary, about),
    ...row('backdoor succeeds', summary.backdoor, backdoorText),
    ...row(
      'figures',
      summary.attackers,
      ({ length }) => `of the honest peers; ${countOf(length, 'peer')} of ${count(about.peers)} attack`,
    ),
    ['rounds', `${count(done)} of ${count(rounds)}${state}`],
    ...row('run', record.run, asIs),
    ...row('time', summary.seconds, seconds => duration(seconds)),
    ...row('speed', summary.samplesPerSecond, speed => `${count(Math.round(speed))} samples/s`),
    ...row(
      'sent',
      bytes,
      ({ sent, perPeerPerRound }) => `${byteCount(sent)}, ${byteCount(perPeerPerRound)} per peer and round`,
    ),
    ...row('sent', summary.sentBytes, byteCount),
    ...row('received', summary.receivedBytes, byteCount),
    ...row('sent on the wire', summary.traffic?.sent, bytesText),
    ...row('received on the wire', summary.traffic?.received, bytesText),
    ...row('shared', model, ({ parameters, shared }) => `${count(shared)} of ${count(parameters)} parameters`),
    ...row('privacy', summary.privacy, privacyText),
    ...(graph === null ? [] : row('spectral gap', summary.spectralGap, small)),
    ...row('made to go wrong', summary.faults, faultsText),
    ...row('heads that did not come', summary.absent, count),
    ...row('believe', strictnessText(record), asIs),
    ...(record.malformed === 0
      ? []
      : [['lines of metrics.jsonl not read', countOf(record.malformed, 'line')] as const]),
  ]
}
