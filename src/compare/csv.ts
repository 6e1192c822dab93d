import { stringify } from 'csv-stringify/sync'
import { type Comparison, figureNames } from './shape.js'

/**
 * A row for each run, with the fields that differ as columns: what other programs make their own figures of. Foreign text
 * that a spreadsheet would compute as a formula begins with an apostrophe.
 */
export function csvOf({ tables }: Comparison): string {
  const fields = [...new Set(tables.flatMap(table => table.fields))]
  const rows = tables.flatMap(({ data, primary, measure, variants, ...table }) =>
    variants.flatMap(({ values, runs }, variant) =>
      runs.map(run => [
        data,
        primary === 'accuracy' ? measure : primary,
        variant + 1,
        ...fields.map(path => values[table.fields.indexOf(path)] ?? ''),
        run.seed,
        run.rounds,
        run.isComplete ? 'yes' : 'no',
        ...figureNames.map(name => run.figures[name] ?? ''),
        run.run,
        run.folders.join(' '),
      ]),
    ),
  )
  const head = ['data', 'figure', 'variant', ...fields, 'seed', 'rounds', 'complete', ...figureNames, 'run', 'folder']
  return stringify([head, ...rows], { escape_formulas: true })
}
