import type { ComparedTable, Comparison } from './shape.js'
import {
  differenceName,
  differenceText,
  figureColumns,
  intervalText,
  seedsText,
  sentences,
  spreadText,
  tableNotes,
  tableTitle,
  variantName,
} from './text.js'

/** A table of booktabs for each table of a comparison, to be put into a paper by \input. */
export function latexOf({ tables, notes, version }: Comparison): string {
  const head = [
    `% Made by hearsay compare ${version}. Needs \\usepackage{booktabs}; where names have letters that are not ASCII`,
    '% \\usepackage[T1]{fontenc} as well, and where they are not Latin XeLaTeX or LuaLaTeX.',
    ...notes.map(note => `% ${note}`),
  ]
  return `${[...head.map(comment), ...tables.map(latexTable)].join('\n')}\n`
}

/** A comment ends with its line. */
function comment(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ')
}

function latexTable(table: ComparedTable): string {
  const columns = figureColumns(table)
  const hasDifferences = table.variants.length > 1
  const head = [
    'variant',
    'seeds',
    ...columns.map(({ title }) => title),
    ...(hasDifferences ? [`${differenceName(table)}, to ${table.baseline + 1}`, '95 % interval'] : []),
  ]
  const rows = table.variants.map((variant, at) => [
    variantName(table, at),
    seedsText(variant),
    ...columns.map(({ name, text }) => spreadText(variant.figures[name], text)),
    ...(!hasDifferences
      ? []
      : variant.difference === null
        ? ['', '']
        : [differenceText(variant.difference.mean, table), intervalText(variant.difference, table)]),
  ])
  const line = (cells: readonly string[]): string => `  ${cells.map(latexText).join(' & ')} \\\\`
  return [
    '\\begin{table}',
    '\\centering',
    `\\caption{${latexText(`${tableTitle(table)}. ${sentences(tableNotes(table))}`)}}`,
    `\\begin{tabular}{l${'r'.repeat(head.length - 1)}}`,
    '  \\toprule',
    line(head),
    '  \\midrule',
    ...rows.map(line),
    '  \\bottomrule',
    '\\end{tabular}',
    '\\end{table}',
  ].join('\n')
}

const special: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  // A shorthand of babel in German, Dutch and other languages; this is the character, whatever the font's encoding.
  '"': '\\char34{}',
  '±': '$\\pm$',
  '²': '$^2$',
  '–': '\\textendash{}',
  '−': '$-$',
}

/** Text as LaTeX shows it: nothing in it is a command. */
export function latexText(text: string): string {
  return (
    text
      .replaceAll(/[\\{}$&#%_^~<>|"±²–−]/g, character => special[character]!)
      // Two or three would be one dash, two of the others a quotation mark.
      .replaceAll(/([-`',])(?=\1)/g, '$1{}')
  )
}
