import type { ColumnName, RunRecord } from '../../src/watch/record/shape.js'
import { meanOf } from '../columns.js'
import type { CurveColor } from '../looks.js'
import { Curves } from './curves.js'
import type { Curve } from './plot.js'

const phases: readonly (readonly [name: ColumnName, label: string, color: CurveColor])[] = [
  ['trainSeconds', 'training', 'blue'],
  ['waitSeconds', 'waiting for heads', 'orange'],
  ['mergeSeconds', 'merging', 'green'],
  ['evaluateSeconds', 'testing', 'purple'],
]

/** Where a round's time goes, on the average over peers. */
export function Timings({ record: { run, rounds } }: { readonly record: RunRecord }) {
  const known = phases.map(
    ([name, label, color]): Curve => ({ label, color, values: rounds.map(({ columns }) => meanOf(columns[name])) }),
  )
  const rest = rounds.map(({ columns }, at) => {
    const whole = meanOf(columns.roundSeconds)
    return whole === null ? null : Math.max(0, whole - known.reduce((sum, { values }) => sum + (values[at] ?? 0), 0))
  })
  return (
    <Curves
      title="Where a round’s time goes"
      says={`Seconds of a round${run === null ? '' : ', mean over peers'}, one on top of the other. The rest is waiting for a free worker, and saving.`}
      rounds={rounds.map(({ round }) => round + 1)}
      curves={[...known, { label: 'rest', color: 'grey', values: rest }]}
      isStacked
      text={seconds => `${Number(seconds.toPrecision(3))} s`}
    />
  )
}
