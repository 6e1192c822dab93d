import type { Measure } from '../data/index.js'
import type { Column, ColumnName, Miss, RoundRecord } from '../watch/index.js'
import { phases } from './values.js'

/** Numbers of one kind, as Prometheus has them: a name, and a number for each set of labels. */
export interface Family {
  /** Without the `_total` that a counter's numbers have behind it. */
  readonly name: string
  readonly help: string
  /** The samples of a `counter` are what a round adds, those of a `total` what it has come to. */
  readonly type: 'gauge' | 'counter' | 'total'
  readonly unit?: 'bytes' | 'seconds' | 'decibels'
  readonly labels: readonly string[]
  /** @param names - what the peers are called, by place */
  samples(round: RoundRecord, names: readonly string[]): Sample[]
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

type Samples = Family['samples']

const measureNames: Readonly<Record<Measure, string>> = { accuracy: 'accuracy', r2: 'r2', psnr: 'psnr_decibels' }

const gauge = (name: string, help: string, labels: readonly string[], samples: Samples): Family => ({
  name: `hearsay_${name}`,
  help,
  type: 'gauge',
  labels,
  samples,
})
const counter = (...[name, help, labels, samples]: Parameters<typeof gauge>): Family => ({
  ...gauge(name, help, labels, samples),
  type: 'counter',
})
const seconds = (family: Family): Family => ({ ...family, unit: 'seconds' })

/** What a run's rounds amount to, in families. @param isSimulation - a peer in the field knows nothing of all others */
export function familiesOf(measure: Measure, isSimulation: boolean): readonly Family[] {
  const accuracy = measureNames[measure]
  const ofAccuracy = measure === 'psnr' ? ({ unit: 'decibels' } as const) : {}
  const ofAll: Family[] = [
    gauge('peers', 'Peers that took part in the last round.', [], ({ whole }) => one(whole?.peers)),
    {
      ...gauge(`mean_model_${accuracy}`, 'Of the averaged model.', [], ({ whole }) => one(whole?.ofMean)),
      ...ofAccuracy,
    },
    gauge('consensus_distance', 'Mean squared distance of what peers share to its mean.', [], ({ whole }) =>
      one(whole?.consensusDistance),
    ),
    {
      ...gauge('sent_bytes', 'Sent by all peers since the run began.', [], ({ whole }) => one(whole?.sentBytes)),
      type: 'total',
      unit: 'bytes',
    },
  ]
  return [
    gauge('round', 'Rounds that are over.', [], ({ round }) => one(round + 1)),
    ...(isSimulation ? ofAll : []),
    { ...gauge(accuracy, 'Of each peer’s model in its last test.', ['peer'], ofColumn('accuracy')), ...ofAccuracy },
    gauge('train_loss', 'Mean loss of the last round’s training steps.', ['peer'], ofColumn('loss')),
    gauge('test_loss', 'Loss in the last test.', ['peer'], ofColumn('testLoss')),
    gauge(
      'local_distance',
      'Weighted squared distance to the heads that were merged last.',
      ['peer'],
      ofColumn('localDistance'),
    ),
    gauge('figure', 'What stands beside the measure in the last test.', ['peer', 'figure'], ofNamed('beside')),
    gauge('method_figure', 'What the run’s method reports.', ['peer', 'figure'], ofNamed('figures')),
    counter('trained_samples', 'Samples trained on.', ['peer'], ofColumn('samples')),
    seconds(counter('phase_seconds', 'Time in the parts of rounds.', ['peer', 'phase'], ofPhases)),
    seconds(counter('round_seconds', 'Time in rounds, whole.', ['peer'], ofColumn('roundSeconds'))),
    counter('absent', 'Heads that were expected and did not come.', ['reason'], ({ absent }) => byReason(absent)),
    counter('refused', 'Heads that came and were not believed.', ['reason'], ({ refused }) => byReason(refused)),
  ]
}

function one(value: number | null | undefined): Sample[] {
  return value === null || value === undefined ? [] : [{ labels: {}, value }]
}

function ofColumn(name: ColumnName): Samples {
  return ({ columns }, names) => perPeer(columns[name], names, {})
}

function ofNamed(group: 'beside' | 'figures'): Samples {
  return (round, names) =>
    Object.entries(round[group]).flatMap(([figure, column]) => perPeer(column, names, { figure }))
}

function ofPhases({ columns }: RoundRecord, names: readonly string[]): Sample[] {
  return Object.entries(phases).flatMap(([phase, name]) => perPeer(columns[name], names, { phase }))
}

function perPeer(column: Column, names: readonly string[], more: Readonly<Record<string, string>>): Sample[] {
  return column.flatMap((value, place) => (value === null ? [] : [{ labels: { peer: names[place]!, ...more }, value }]))
}

function byReason(misses: readonly Miss[]): Sample[] {
  const counts = new Map<string, number>()
  for (const { reason } of misses) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts].map(([reason, value]) => ({ labels: { reason }, value }))
}
