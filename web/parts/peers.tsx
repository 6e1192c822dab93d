import type { ReportData } from '../../src/report/data.js'
import { besideMeasured, besideOrder, figureName } from '../../src/watch/beside-text.js'
import { count, measured, measureNames, percent, plain, small } from '../../src/watch/text.js'
import { lastOf, sumOf } from '../columns.js'
import { type SortableColumn, SortableTable } from './peer-table.js'

/** A line for every peer, of its last test and over all rounds. */
export function PeerTable({ data }: { readonly data: ReportData }) {
  const { record, measure, primary, figures } = data
  const { members, rounds, baselines } = record
  const last = (columns: Parameters<typeof lastOf>[0]) => (peer: number) => lastOf(columns, peer)
  const misses = (kind: 'absent' | 'refused') => (peer: number) =>
    rounds.reduce((sum, round) => sum + round[kind].filter(miss => miss.peer === peer).length, 0)
  const standing = (peer: number): string | null => {
    const { goneSince, attack } = members[peer]!
    const killed = rounds.find(({ failed }) => failed.includes(peer))
    if (killed !== undefined) return `killed in round ${killed.round + 1}`
    if (attack !== undefined) return `attacks: ${attack}`
    return goneSince === null ? null : `gone since round ${goneSince + 1}`
  }
  const ofMeasure = (value: number): string => measured(value, measure)
  const beside = (name: (typeof besideOrder)[number]): SortableColumn<number> => ({
    title: figureName(name),
    value: last(rounds.map(({ beside }) => beside[name])),
    text: value => besideMeasured(name, value),
  })
  /** Of the figure that comes first. */
  const alone: SortableColumn<number> = {
    title: 'alone',
    value: peer =>
      (primary === 'accuracy' ? baselines.alone.accuracy : baselines.alone.beside[primary])?.[peer] ?? null,
    text: value => (primary === 'accuracy' ? ofMeasure(value) : besideMeasured(primary, value)),
  }
  const columns: SortableColumn<number>[] = [
    { title: 'peer', value: peer => peer },
    { title: 'name', value: peer => members[peer]!.name },
    { title: 'samples', value: peer => data.peers[peer]?.samples ?? null, text: count },
    { title: 'standing', value: standing },
    ...besideOrder.filter(name => name === primary).flatMap(name => [beside(name), alone]),
    { title: measureNames[measure], value: last(rounds.map(({ columns }) => columns.accuracy)), text: ofMeasure },
    ...(primary === 'accuracy' ? [alone] : []),
    { title: 'before the merge', value: last(rounds.map(({ beside }) => beside.before)), text: ofMeasure },
    ...besideOrder.filter(name => name !== primary).map(beside),
    { title: 'backdoor succeeds', value: last(rounds.map(({ beside }) => beside.backdoor)), text: percent },
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
  const all = members.map((_, peer) => peer)
  const own = all.filter(peer => rounds.some(({ columns }) => columns.loss[peer] !== null))
  // A peer in the field knows the others' names and none of their numbers.
  const isField = record.run === null && own.length > 0
  const peers = isField ? own : all
  const shown = columns.filter(({ value }) => peers.some(peer => value(peer) !== null))
  const caption = isField
    ? 'Peers: this one’s last test, and sums over its rounds'
    : 'Peers: the last test of each, and sums over its rounds'
  return <SortableTable caption={caption} columns={shown} rows={peers} />
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`
}
