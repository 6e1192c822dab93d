import { useMemo } from 'preact/hooks'
import type { RunRecord } from '../../src/watch/record/shape.js'
import { HeatMap } from './heat-map.js'
import { Matrix } from './matrix.js'
import { RoundSlider, usePickedRound } from './round-slider.js'

export interface GateMatrixProps {
  readonly record: RunRecord
  /** The method's name of these weights. */
  readonly name: string
  readonly label: string
  /** What the weights are shares of, or what each number is. */
  readonly of: string
  readonly unit: 'share' | 'number'
}

/** More peers than this make a table of too many cells to draw anew for every round that is passed. */
const tabled = 32

/** Whom each peer listens to, or what it makes of whom, round by round. */
export function GateMatrix({ record: { members, rounds }, name, label, of, unit }: GateMatrixProps) {
  const having = rounds.filter(({ matrices }) => matrices[name] !== undefined)
  const [at, pick] = usePickedRound(having.length)
  const matrix = having[at]?.matrices[name]
  const most = useMemo(
    () =>
      Math.max(
        ...(matrix ?? []).map(row => Math.max(...(row ?? []).map(weight => Math.abs(weight ?? 0)))),
        Number.MIN_VALUE,
      ),
    [matrix],
  )
  if (matrix === undefined) return null
  const Shown = members.length > tabled ? HeatMap : Matrix
  return (
    <div>
      <RoundSlider rounds={having.map(({ round }) => round + 1)} at={at} onChange={pick} />
      <Shown
        caption={unit === 'share' ? `Percent of ${of}` : of}
        corner={label}
        rowNames={members.map(({ name }, peer) => `${peer} ${name}`)}
        columnNames={members.map((_, peer) => String(peer))}
        share={(row, column) => {
          const weight = matrix[row]?.[column]
          return weight === null || weight === undefined ? null : Math.abs(weight) / most
        }}
        text={(row, column) => {
          const weight = matrix[row]![column]!
          return unit === 'share' ? (100 * weight).toFixed(0) : weight.toFixed(2)
        }}
      />
    </div>
  )
}
