import pc from 'picocolors'
import { wideTable } from '../watch/index.js'
import type { ComparedTable, Comparison } from './shape.js'
import {
  differenceName,
  differenceText,
  figureColumns,
  intervalText,
  seedsText,
  sizeText,
  spreadText,
  tableNotes,
  tableTitle,
  variantName,
} from './text.js'

/**
 * A comparison for people.
 *
 * @param width - of the terminal, in characters; left out, tables may have any width
 */
export function comparisonText({ tables, notes }: Comparison, width?: number): string {
  if (tables.length === 0) return 'no runs'
  const parts = tables.flatMap(table => [
    `${pc.bold(tableTitle(table))}${pc.dim(`, ${sizeText(table)}`)}`,
    figureTable(table, width),
    ...differenceTable(table, width),
    ...fieldTable(table, width),
    tableNotes(table).map(pc.dim).join('\n'),
  ])
  return [...parts, ...(notes.length === 0 ? [] : [notes.join('\n')])].join('\n\n')
}

function figureTable(table: ComparedTable, width: number | undefined): string {
  const columns = figureColumns(table)
  const rows = table.variants.map((variant, at) => [
    variantName(table, at),
    seedsText(variant),
    ...columns.map(({ name, text }) => spreadText(variant.figures[name], text)),
  ])
  return wideTable(['variant', 'seeds', ...columns.map(({ title }) => title)], rows, width)
}

function differenceTable(table: ComparedTable, width: number | undefined): string[] {
  const rows = table.variants.flatMap(({ difference }, at) =>
    difference === null
      ? []
      : [
          [
            variantName(table, at),
            String(difference.seeds.length),
            differenceText(difference.mean, table),
            intervalText(difference, table),
          ],
        ],
  )
  if (rows.length === 0) return []
  const head = [`compared to ${table.baseline + 1}`, 'seeds in common', differenceName(table), '95 % interval']
  return [wideTable(head, rows, width)]
}

/** The fields that differ too, and that the names of the variants leave out. */
function fieldTable({ variants, fields, named }: ComparedTable, width: number | undefined): string[] {
  const others = fields.flatMap((path, at) => (named.includes(path) ? [] : [{ path, at }]))
  if (others.length === 0) return []
  const rows = variants.map(({ values }, row) => [`${row + 1}`, ...others.map(({ at }) => values[at] ?? '–')])
  return [wideTable(['differs too', ...others.map(({ path }) => path)], rows, width)]
}
