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
  /** What the weights are shares of. */
  readonly of: string
}

/** More peers than this make a table of too many cells to draw anew for every round that is passed. */
const tabled = 32

/** Whom each peer listens to, round by round. */
export function GateMatrix({ record: { members, rounds }, name, label, of }: GateMatrixProps) {
  const having = rounds.filter(({ matrices }) => matrices[name] !== undefined)
  const [at, pick] = usePickedRound(having.length)
  const matrix = having[at]?.matrices[name]
  const most = useMemo(
    () => Math.max(...(matrix ?? []).map(row => Math.max(...(row ?? []).map(weight => weight ?? 0))), Number.MIN_VALUE),
    [matrix],
  )
  if (matrix === undefined) return null
  const Shown = members.length > tabled ? HeatMap : Matrix
  return (
    <div>
      <RoundSlider rounds={having.map(({ round }) => round + 1)} at={at} onChange={pick} />
      <Shown
        caption={`Percent of ${of}`}
        corner={label}
        rowNames={members.map(({ name }, peer) => `${peer} ${name}`)}
        columnNames={members.map((_, peer) => String(peer))}
        share={(row, column) => {
          const weight = matrix[row]?.[column]
          return weight === null || weight === undefined ? null : weight / most
        }}
        text={(row, column) => (100 * matrix[row]![column]!).toFixed(0)}
      />
    </div>
  )
}
