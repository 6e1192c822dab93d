import Table from 'cli-table3'
import pc from 'picocolors'
import stringWidth from 'string-width'
import { shown } from '../foreign.js'

/** A table without lines. */
function plainTable(head: readonly string[]): Table.Table {
  return new Table({
    head: head.map(name => pc.dim(shown(name))),
    style: { head: [], border: [], compact: true },
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
    },
  })
}

/** How much wider a column is than its text: a blank at each side, and two between columns. */
const columnGap = 4

/**
 * A table that a terminal has room for: where it is wider, its columns go on in another table below, each of which begins
 * with the first column again. Lines that a terminal breaks cannot be read as rows.
 *
 * @param head - names of the columns; may be foreign text
 * @param rows - as many cells each as `head` has names, with colours of ours: {@link shown} is for the caller
 * @param width - of the terminal, in characters. @default no end, as for a file
 */
export function wideTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): string {
  const widths = head.map((name, column) =>
    Math.max(stringWidth(shown(name)), ...rows.map(row => stringWidth(row[column]!))),
  )
  const blocks: number[][] = []
  let room = 0
  for (let column = 1; column < head.length; column++) {
    const taken = widths[column]! + columnGap
    if (blocks.length === 0 || taken > room) {
      blocks.push([])
      room = width - widths[0]! - columnGap
    }
    blocks.at(-1)!.push(column)
    room -= taken
  }
  return blocks
    .map(columns => {
      const table = plainTable([0, ...columns].map(column => head[column]!))
      for (const row of rows) table.push([0, ...columns].map(column => row[column]!))
      return table.toString().replaceAll(/ +$/gm, '')
    })
    .join('\n\n')
}
