import { useState } from 'preact/hooks'
import type { ComparedRun, ComparedTable, ComparedVariant } from '../../src/compare/shape.js'
import {
  besideColumns,
  differenceName,
  differenceText,
  type FigureColumn,
  figureColumns,
  intervalText,
  seedsText,
  spreadText,
} from '../../src/compare/text.js'
import { type SortableColumn, SortableTable } from './peer-table.js'

/** A variant and its number, as people count. */
type Numbered = ComparedVariant & { readonly number: number }

const nameColumns: readonly SortableColumn<Numbered>[] = [
  { title: '#', value: ({ number }) => number },
  { title: 'variant', value: ({ label }) => label },
]

function numbered({ variants }: ComparedTable): Numbered[] {
  return variants.map((variant, at) => ({ ...variant, number: at + 1 }))
}

/** Each variant's figures at the end. */
export function FigureTable({ table }: { readonly table: ComparedTable }) {
  const columnOf = ({ name, title, text }: FigureColumn): SortableColumn<Numbered> => ({
    title,
    value: ({ figures }) => figures[name]?.mean ?? null,
    text: (_, { figures }) => spreadText(figures[name], text),
  })
  const columns = figureColumns(table)
  const qualities = columns.filter(({ name }) => name === 'quality').map(columnOf)
  const others = columns.filter(({ name }) => name !== 'quality').map(columnOf)
  return (
    <SortableTable
      caption="Figures at the end: mean and standard deviation over seeds"
      rows={numbered(table)}
      columns={[
        ...nameColumns,
        { title: 'seeds', value: ({ runs }) => runs.length, text: (_, variant) => seedsText(variant) },
        ...qualities,
        ...besideColumns(table).map(
          ({ name, title, text }): SortableColumn<Numbered> => ({
            title,
            value: ({ beside }) => beside?.[name]?.mean ?? null,
            text: (_, { beside }) => spreadText(beside?.[name] ?? null, text),
          }),
        ),
        ...others,
      ]}
    />
  )
}

/** How much each differs from the baseline. */
export function DifferenceTable({ table }: { readonly table: ComparedTable }) {
  const rows = numbered(table).filter(({ difference }) => difference !== null)
  if (rows.length === 0) return null
  return (
    <SortableTable
      caption={`Compared to ${table.baseline + 1}, over the seeds that both have`}
      rows={rows}
      columns={[
        ...nameColumns,
        { title: 'seeds', value: ({ difference }) => difference!.seeds.length },
        {
          title: differenceName(table),
          value: ({ difference }) => difference!.mean,
          text: mean => differenceText(mean, table),
        },
        {
          title: '95 % interval, from its low end',
          value: ({ difference }) => difference!.interval?.[0] ?? null,
          text: (_, { difference }) => intervalText(difference!, table),
        },
      ]}
    />
  )
}

/** The manifests' fields that differ. */
export function FieldTable({ table }: { readonly table: ComparedTable }) {
  if (table.fields.length === 0) return null
  return (
    <SortableTable
      caption="What differs between the manifests, beside the seed"
      rows={numbered(table)}
      columns={[
        nameColumns[0]!,
        ...table.fields.map(
          (path, at): SortableColumn<Numbered> => ({ title: path, value: ({ values }) => values[at] ?? null }),
        ),
      ]}
    />
  )
}

type NumberedRun = ComparedRun & { readonly number: number }

/** More rows than these are not drawn before somebody wants them. */
const openedAtOnce = 50

/** Every run, with its folder. */
export function RunTable({ table }: { readonly table: ComparedTable }) {
  const rows = numbered(table).flatMap(({ number, runs }) => runs.map((run): NumberedRun => ({ ...run, number })))
  const [isOpen, setIsOpen] = useState(rows.length <= openedAtOnce)
  return (
    <details open={isOpen} onToggle={event => setIsOpen(event.currentTarget.open)}>
      <summary>Runs and their folders</summary>
      {isOpen && <SortableTable caption="Runs" rows={rows} columns={runColumns(table)} />}
    </details>
  )
}

function runColumns(table: ComparedTable): SortableColumn<NumberedRun>[] {
  return [
    { title: '#', value: ({ number }) => number },
    { title: 'seed', value: ({ seed }) => seed },
    { title: 'folder', value: ({ folders }) => folders.join(', ') },
    { title: 'run', value: ({ run }) => run.slice(0, 12) },
    {
      title: 'rounds',
      value: ({ rounds }) => rounds,
      text: (_, { rounds, wanted, isComplete }) => `${rounds}${isComplete ? '' : ` of ${wanted}, not complete`}`,
    },
    ...figureColumns(table).map(
      ({ name, title, text }): SortableColumn<NumberedRun> => ({ title, value: ({ figures }) => figures[name], text }),
    ),
  ]
}
