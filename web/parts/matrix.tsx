import { inkOn, shareColor } from '../theme.js'
import { widthClass } from './peer-table.js'

export interface MatrixProps {
  readonly caption: string
  /** What stands above the headings of the rows. */
  readonly corner: string
  readonly rowNames: readonly string[]
  readonly columnNames: readonly string[]
  /** Share of the darkest colour, 0 to 1; null for an empty cell. */
  readonly share: (row: number, column: number) => number | null
  readonly text: (row: number, column: number) => string
}

/** A table of shares in colours: each cell has its number too. */
export function Matrix({ caption, corner, rowNames, columnNames, share, text }: MatrixProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="scroll" tabIndex={0} aria-label={caption}>
      <table class={`matrix ${widthClass(columnNames.length)}`}>
        <caption>
          <span>{caption}</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">{corner}</th>
            {columnNames.map((name, column) => (
              <th scope="col" key={column}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rowNames.map((name, row) => (
            <tr key={row}>
              <th scope="row">{name}</th>
              {columnNames.map((_, column) => {
                const part = share(row, column)
                const style = part === null ? {} : { background: shareColor(part), color: inkOn(part) }
                return (
                  <td key={column} style={style}>
                    {part === null ? '' : text(row, column)}
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
