import { useId, useState } from 'preact/hooks'
import { Matrix } from './matrix.js'
import { SortableTable } from './peer-table.js'

export interface ConfusionProps {
  /** Peers that have one: labels are rows, answers columns. */
  readonly peers: readonly { readonly name: string; readonly confusion: readonly (readonly number[])[] }[]
  readonly classes: readonly string[]
}

/** What a peer takes for what: figures of each class, and the matrix that they follow from. */
export function Confusion({ peers, classes }: ConfusionProps) {
  const [at, setAt] = useState(0)
  const id = useId()
  const { confusion } = peers[at]!
  const nameOf = (place: number): string => classes[place] ?? String(place)
  const sums = confusion.map(row => row.reduce((sum, times) => sum + times, 0))
  return (
    <div>
      <p>
        <label for={id}>Peer </label>
        <select id={id} value={at} onChange={event => setAt(Number(event.currentTarget.value))}>
          {peers.map(({ name }, peer) => (
            <option key={peer} value={peer}>
              {name}
            </option>
          ))}
        </select>
      </p>
      <ClassTable confusion={confusion} classes={classes} />
      <Matrix
        caption="Test samples by their class (rows) and the answer (columns)"
        corner="is ↓ answered →"
        rowNames={confusion.map((_, row) => nameOf(row))}
        columnNames={confusion.map((_, column) => nameOf(column))}
        share={(row, column) => (sums[row] === 0 ? 0 : confusion[row]![column]! / sums[row]!)}
        text={(row, column) => confusion[row]![column]!.toLocaleString('en')}
      />
    </div>
  )
}

/** Precision, recall and F1 of each class; a figure that would be 0 / 0 has none. */
export function ClassTable({
  confusion,
  classes,
}: {
  confusion: readonly (readonly number[])[]
  classes: readonly string[]
}) {
  const share = (part: number, of: number): number | null => (of === 0 ? null : part / of)
  const rows = confusion.map((row, place) => {
    const right = row[place] ?? 0
    const samples = row.reduce((sum, times) => sum + times, 0)
    const answered = confusion.reduce((sum, other) => sum + (other[place] ?? 0), 0)
    return {
      name: classes[place] ?? String(place),
      samples,
      precision: share(right, answered),
      recall: share(right, samples),
      f1: share(2 * right, samples + answered),
    }
  })
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`
  return (
    <SortableTable
      caption="Figures of each class"
      rows={rows}
      columns={[
        { title: 'class', value: ({ name }) => name },
        { title: 'test samples', value: ({ samples }) => samples, text: count => count.toLocaleString('en') },
        { title: 'precision', value: ({ precision }) => precision, text: percent },
        { title: 'recall', value: ({ recall }) => recall, text: percent },
        { title: 'F1', value: ({ f1 }) => f1, text: percent },
      ]}
    />
  )
}
