import { besideMeasured, besideOrder, figureName } from '../watch/beside-text.js'
import { byteCount, count, countOf, measured, measureNames, plain } from '../watch/text.js'
import type { ComparedTable, ComparedVariant, Difference, FigureName, Spread } from './shape.js'

/*
 * A comparison's numbers as people read them, the same on a terminal, in a page and in LaTeX. A page has this too, so
 * nothing here knows Node.
 */

/** What the table's quality is called: "accuracy", "AUROC". */
export function qualityName({ primary, measure }: ComparedTable): string {
  return primary === 'accuracy' ? measureNames[measure] : figureName(primary)
}

/** "digits: accuracy", the heading of a table. */
export function tableTitle(table: ComparedTable): string {
  return `${table.data}: ${qualityName(table)}`
}

export function qualityText(value: number, { primary, measure }: ComparedTable): string {
  return primary === 'accuracy' ? measured(value, measure) : besideMeasured(primary, value)
}

/** A figure as a column of tables. */
export interface FigureColumn {
  readonly name: FigureName
  readonly title: string
  readonly text: (value: number) => string
}

/** The figures that some variant has. */
export function figureColumns(table: ComparedTable): FigureColumn[] {
  const quality = (value: number): string => qualityText(value, table)
  const goal = table.target === null ? '' : ` to ${quality(table.target)}`
  const columns: FigureColumn[] = [
    { name: 'quality', title: qualityName(table), text: quality },
    { name: 'averaged', title: 'averaged', text: quality },
    { name: 'worst', title: 'worst peer', text: quality },
    { name: 'distance', title: 'distance', text: twoDigits },
    { name: 'bytes', title: 'sent a round', text: byteCount },
    { name: 'seconds', title: 'time', text: secondsText },
    { name: 'reached', title: `rounds${goal}`, text: value => String(Number(value.toFixed(1))) },
  ]
  return columns.filter(({ name }) => table.variants.some(({ figures }) => figures[name] !== null))
}

/** A figure beside the quality as a column of tables. */
export interface BesideColumn {
  readonly name: string
  readonly title: string
  readonly text: (value: number) => string
}

/** What stands beside the quality in some variant: in order, the measure, what it may hide, and the baselines. */
export function besideColumns(table: ComparedTable): BesideColumn[] {
  const names = new Set(table.variants.flatMap(({ beside = {} }) => Object.keys(beside)))
  const ofTable: readonly BesideColumn[] = [
    { name: 'accuracy', title: measureNames[table.measure], text: value => measured(value, table.measure) },
    ...besideOrder.map(name => ({
      name,
      title: figureName(name),
      text: (value: number) => besideMeasured(name, value),
    })),
    { name: 'localOnly', title: 'each alone', text: value => qualityText(value, table) },
    { name: 'centralised', title: 'all data in one place', text: value => qualityText(value, table) },
  ]
  return ofTable.filter(({ name }) => names.has(name))
}

/** As a mean and its deviation are read beside each other: 0.041 ± 0.0076. */
export function twoDigits(value: number): string {
  return plain(Number(value.toPrecision(2)))
}

export function secondsText(seconds: number): string {
  return `${seconds >= 100 ? count(Math.round(seconds)) : seconds.toFixed(1)} s`
}

/** "84.2 ± 0.6 %": mean and standard deviation; of one seed, or where all have the same, the mean alone. */
export function spreadText(spread: Spread | null, text: (value: number) => string): string {
  if (spread === null) return '–'
  const { mean, deviation } = spread
  if (deviation === null || deviation === 0) return text(mean)
  const [middle, around] = [text(mean), text(deviation)]
  const [unit] = / \D+$/.exec(around) ?? ['']
  return middle.endsWith(unit) ? `${middle.slice(0, middle.length - unit.length)} ± ${around}` : `${middle} ± ${around}`
}

/** "3", "3, 1 not complete". */
export function seedsText({ runs }: ComparedVariant): string {
  const short = runs.filter(({ isComplete }) => !isComplete).length
  return `${count(runs.length)}${short === 0 ? '' : `, ${short} not complete`}`
}

/** What the column of differences is called: shares differ by points of a hundred. */
export function differenceName(table: ComparedTable): string {
  return `${qualityName(table)}${qualityText(0, table).endsWith(' %') ? ', points' : ''}`
}

/** "+1.2". */
export function differenceText(value: number | null, table: ComparedTable): string {
  if (value === null) return '–'
  const size = qualityText(Math.abs(value), table).replace(/ %$/, '')
  return `${value < 0 ? '−' : '+'}${size}`
}

/** "+0.3 to +2.1". */
export function intervalText({ interval }: Difference, table: ComparedTable): string {
  return interval === null ? '–' : interval.map(end => differenceText(end, table)).join(' to ')
}

/** What is to be known of a table's figures and differences, a sentence each. */
export function tableNotes(table: ComparedTable): string[] {
  const { variants, target } = table
  const differences = variants.flatMap(({ difference }) => difference ?? [])
  const isSpread = variants.some(({ runs }) => runs.length > 1)
  return [
    `${qualityName(table)} is the mean over the peers’ own models${isSpread ? '; ± is the standard deviation over seeds' : ''}`,
    ...(target === null ? [] : [`every run reaches ${qualityText(target, table)}`]),
    ...(differences.some(({ interval }) => interval !== null)
      ? ['intervals: 95 %, by the bootstrap over the seeds that both have']
      : []),
    ...(differences.some(({ interval }) => interval === null)
      ? ['no interval with fewer than 3 seeds that both have; run more seeds: --seed, or seeds: in the file of a sweep']
      : []),
  ]
}

/** Notes as running text. */
export function sentences(notes: readonly string[]): string {
  return notes.map(note => `${note.charAt(0).toUpperCase()}${note.slice(1)}.`).join(' ')
}

/** "1 merge.method: dfedsam", as tables name a variant. */
export function variantName(table: ComparedTable, at: number): string {
  return `${at + 1} ${table.variants[at]!.label}`
}

/** "2 variants, 6 runs". */
export function sizeText({ variants }: ComparedTable): string {
  const runs = variants.reduce((sum, { runs }) => sum + runs.length, 0)
  return `${countOf(variants.length, 'variant')}, ${countOf(runs, 'run')}`
}
