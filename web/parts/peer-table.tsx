import { useState } from 'preact/hooks'

/** A column of a table that can be sorted by it. */
export interface SortableColumn<Row> {
  readonly title: string
  readonly value: (row: Row) => number | string | null
  readonly text?: (value: number, row: Row) => string
}

export interface SortableTableProps<Row> {
  readonly caption: string
  readonly columns: readonly SortableColumn<Row>[]
  readonly rows: readonly Row[]
}

type Order = { readonly at: number; readonly isDescending: boolean }

/** From so many columns on paper has no room for text of the usual size, and then for whole words in headings. */
const [manyColumns, mostColumns] = [12, 17]

/** The class of a table of so many columns. */
export function widthClass(columns: number): '' | 'wide' | 'widest' {
  return columns < manyColumns ? '' : columns < mostColumns ? 'wide' : 'widest'
}

/** A table that its headings sort: a second time the other way round. What has no value comes last either way. */
export function SortableTable<Row>({ caption, columns, rows }: SortableTableProps<Row>) {
  const [order, setOrder] = useState<Order>({ at: 0, isDescending: false })
  const sorted = rows
    .map((row, at) => ({ row, at }))
    .sort((a, b) => compared(columns[order.at]!.value(a.row), columns[order.at]!.value(b.row), order.isDescending))
  const pick = (at: number): void =>
    setOrder(known => ({
      at,
      isDescending: known.at === at ? !known.isDescending : typeof columns[at]!.value(rows[0]!) === 'number',
    }))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="scroll" tabIndex={0} aria-label={caption}>
      <table class={widthClass(columns.length)}>
        <caption>
          <span>{caption}</span>
        </caption>
        <thead>
          <tr>
            {columns.map(({ title, value }, at) => (
              <th
                scope="col"
                class={rows[0] !== undefined && typeof value(rows[0]) === 'string' ? 'words' : ''}
                key={title}
                aria-sort={at !== order.at ? 'none' : order.isDescending ? 'descending' : 'ascending'}
              >
                <button type="button" onClick={() => pick(at)}>
                  {title}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map(({ row, at }) => (
            <tr key={at}>
              {columns.map(({ title, value, text }) => {
                const cell = value(row)
                return (
                  <td key={title} class={typeof cell === 'string' ? 'words' : ''}>
                    {cell === null
                      ? '–'
                      : typeof cell === 'string'
                        ? cell
                        : text === undefined
                          ? cell
                          : text(cell, row)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function compared(a: number | string | null, b: number | string | null, isDescending: boolean): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0)
  const difference =
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true })
  return isDescending ? -difference : difference
}
