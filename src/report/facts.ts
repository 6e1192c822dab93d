import { methodOf } from '../methods/index.js'
import type { Manifest } from '../node/index.js'
import { byteCount, count, countOf, deviceText, duration, type RunRecord, small } from '../watch/index.js'
import type { Facts } from './data.js'
import type { KeptSummary } from './summary.js'

type Row = readonly [name: string, value: string]

/** A row where there is a value. */
function row<T>(name: string, value: T | undefined | null, text: (value: T) => string): Row[] {
  return value === undefined || value === null ? [] : [[name, text(value)]]
}

const asIs = (text: string): string => text

/** What the run ran on. */
export function environmentOf(summary: KeptSummary, { fromMs, untilMs }: RunRecord): Facts {
  return [
    ...row('backend', summary.backend, asIs),
    ...row('device', summary.device, ({ name, memoryBytes }) =>
      deviceText({ kind: 'cpu', name, ...(memoryBytes !== undefined && { memoryBytes }) }),
    ),
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

/** What it amounts to, beside its figures of quality. */
export function outcomeOf(summary: KeptSummary, { merge, rounds }: Manifest, record: RunRecord): Facts {
  const { bytes, model } = summary
  const done =
    summary.rounds ?? record.rounds.filter(({ columns }) => columns.roundSeconds.some(n => n !== null)).length
  const state = summary.interrupted === undefined ? ', without a summary' : summary.interrupted ? ', interrupted' : ''
  const isOnGraph = methodOf(merge).road === 'neighbours'
  return [
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
    ...row('shared', model, ({ parameters, shared }) => `${count(shared)} of ${count(parameters)} parameters`),
    ...(isOnGraph ? row('spectral gap', summary.spectralGap, small) : []),
    ...row('heads that did not come', summary.absent, count),
    ...(record.malformed === 0
      ? []
      : [['lines of metrics.jsonl not read', countOf(record.malformed, 'line')] as const]),
  ]
}
