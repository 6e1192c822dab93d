import { useState } from 'preact/hooks'
import type { RunRecord } from '../../src/watch/record/shape.js'
import { Matrix } from './matrix.js'
import { RoundSlider } from './round-slider.js'

export interface GateMatrixProps {
  readonly record: RunRecord
  /** The method's name of these weights. */
  readonly name: string
  readonly label: string
  /** What the weights are shares of. */
  readonly of: string
}

/** Whom each peer listens to, round by round. */
export function GateMatrix({ record: { members, rounds }, name, label, of }: GateMatrixProps) {
  const having = rounds.filter(({ matrices }) => matrices[name] !== undefined)
  const [at, setAt] = useState(having.length - 1)
  const matrix = having[at]?.matrices[name]
  if (matrix === undefined) return null
  const most = Math.max(...matrix.flatMap(row => row?.map(weight => weight ?? 0) ?? []), Number.MIN_VALUE)
  return (
    <div>
      <RoundSlider rounds={having.map(({ round }) => round + 1)} at={at} onChange={setAt} />
      <Matrix
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
