import type { ReportData } from '../../src/report/data.js'
import { count, measured, measureNames, percent, plain, small } from '../../src/watch/text.js'
import { lastOf, sumOf } from '../columns.js'
import { type SortableColumn, SortableTable } from './peer-table.js'

/** What stands beside the measure, as people read it. */
const besides: readonly (readonly [name: string, title: string, text: (value: number) => string])[] = [
  ['balancedAccuracy', 'balanced', percent],
  ['macroF1', 'macro F1', percent],
  ['rarestRecall', 'rarest class found', percent],
  ['auroc', 'AUROC', value => value.toFixed(3)],
  ['averagePrecision', 'average precision', value => value.toFixed(3)],
  ['calibrationError', 'calibration error', value => value.toFixed(3)],
  ['mae', 'MAE', plain],
  ['rmse', 'RMSE', plain],
]

/** A line for every peer, of its last test and over all rounds. */
export function PeerTable({ data }: { readonly data: ReportData }) {
  const { record, measure, figures } = data
  const { members, rounds, baselines } = record
  const last = (columns: Parameters<typeof lastOf>[0]) => (peer: number) => lastOf(columns, peer)
  const misses = (kind: 'absent' | 'refused') => (peer: number) =>
    rounds.reduce((sum, round) => sum + round[kind].filter(miss => miss.peer === peer).length, 0)
  const ofMeasure = (value: number): string => measured(value, measure)
  const columns: SortableColumn<number>[] = [
    { title: 'peer', value: peer => peer },
    { title: 'name', value: peer => members[peer]!.name },
    { title: 'samples', value: peer => data.peers[peer]?.samples ?? null, text: count },
    { title: measureNames[measure], value: last(rounds.map(({ columns }) => columns.accuracy)), text: ofMeasure },
    { title: 'alone', value: last(baselines.localOnly.map(({ accuracy }) => accuracy)), text: ofMeasure },
    ...besides.map(([name, title, text]) => ({ title, value: last(rounds.map(({ beside }) => beside[name])), text })),
    ...figures.map(({ name, label, unit }) => ({
      title: label,
      value: last(rounds.map(round => round.figures[name])),
      text: unit === 'measure' ? ofMeasure : unit === 'share' ? percent : plain,
    })),
    { title: 'loss', value: last(rounds.map(({ columns }) => columns.loss)), text: small },
    {
      title: 'trained',
      value: peer =>
        sumOf(
          rounds.map(({ columns }) => columns.trainSeconds),
          peer,
        ),
      text: seconds,
    },
    {
      title: 'waited',
      value: peer =>
        sumOf(
          rounds.map(({ columns }) => columns.waitSeconds),
          peer,
        ),
      text: seconds,
    },
    { title: 'missed', value: misses('absent'), text: count },
    { title: 'refused', value: misses('refused'), text: count },
  ]
  const peers = members.map((_, peer) => peer)
  const shown = columns.filter(({ value }) => peers.some(peer => value(peer) !== null))
  return <SortableTable caption="Peers: the last test of each, and sums over its rounds" columns={shown} rows={peers} />
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`
}
