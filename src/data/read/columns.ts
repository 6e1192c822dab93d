import { canonicalText, sortedTexts } from '../labels.js'
import { type DataLimits, dataError } from '../limits.js'
import { isMissing, numberOf } from './csv.js'

/** What a column is for. A feature column that holds no number becomes categorical. */
export type ColumnRole = 'label' | 'target' | 'peer' | 'feature' | 'categorical' | 'unused'

/** One column while it is read: a number for each cell, which for texts is a place in `texts`. */
export interface Column {
  readonly role: ColumnRole
  /** As the header calls it; "column 3" without one. */
  readonly name: string
  /** "column 3" or `column 3 ("age")`. */
  readonly title: string
  readonly texts: Map<string, number>
  /** Are the texts listed in the manifest? Then others are errors. */
  readonly closed: boolean
  /** Where the first text and the first number stood, and the text. */
  firstText: { readonly place: string; readonly text: string } | undefined
  hasNumbers: boolean
}

/** What a row cannot do without. */
const needed: Partial<Record<ColumnRole, string>> = { label: 'label', target: 'number to predict', peer: "peer's name" }

/**
 * Reads one cell of a column.
 *
 * @param place - file and line, for the error
 * @returns the number, NaN when missing, or the text's place in the column's texts
 * @throws {@link HearsayError} naming the cell that does not fit the column
 */
export function readCell(column: Column, cell: string, place: string, limits: DataLimits): number {
  if (column.role === 'unused') return NaN
  if (isMissing(cell)) {
    const missing = needed[column.role]
    if (missing === undefined) return NaN
    throw dataError(place, `${column.title}: the ${missing} is missing`)
  }
  if (column.role === 'target') {
    const number = numberOf(cell)
    if (number !== undefined && Number.isFinite(Math.fround(number))) return number
    throw dataError(
      place,
      `${column.title}: "${cell}" is no number that can be predicted; for classes there is data.label`,
    )
  }
  if (column.role !== 'feature') return codeOf(column, canonicalText(cell), place, limits)
  const number = numberOf(cell)
  if (number !== undefined) {
    if (column.firstText !== undefined) throw mixed(column, column.firstText)
    column.hasNumbers = true
    return number
  }
  if (column.hasNumbers) throw mixed(column, { place, text: cell })
  column.firstText ??= { place, text: cell }
  return codeOf(column, cell, place, limits)
}

function codeOf(column: Column, text: string, place: string, limits: DataLimits): number {
  const known = column.texts.get(text)
  if (known !== undefined) return known
  if (column.closed) {
    throw dataError(
      place,
      `${column.title}: "${text}" is none of the values ${[...column.texts.keys()].join(', ')} listed under data.categorical`,
    )
  }
  const [most, advice] = {
    label: [limits.classes, 'is it a number to predict? then name it under data.target'],
    peer: [limits.naturalPeers, 'name another column under data.peerColumn'],
    feature: [limits.categories, 'is it a name or an identifier? take the column out of the file'],
    categorical: [limits.categories, 'take the column out of the file'],
  }[column.role as Exclude<ColumnRole, 'target' | 'unused'>] as [number, string]
  if (column.texts.size === most)
    throw dataError(place, `${column.title}: more than ${most} different values; ${advice}`)
  const code = column.texts.size
  column.texts.set(text, code)
  return code
}

function mixed(column: Column, { place, text }: { place: string; text: string }): Error {
  return dataError(
    place,
    `${column.title}: "${text}" is not a number, but other lines have numbers there; correct it, leave it empty if it is missing, or list the column under data.categorical`,
  )
}

/** How many inputs of the model a column becomes: one, or one per category. */
export function inputsOf(column: Column): number {
  if (needed[column.role] !== undefined || column.role === 'unused') return 0
  return isCategorical(column) ? column.texts.size : 1
}

/** Do the column's cells hold places in its texts? */
export function isCategorical(column: Column): boolean {
  return column.role === 'categorical' || column.firstText !== undefined
}

/**
 * The texts in the order that classes, peers or categories have, and for each place in `texts` its rank: sorted,
 * because the order of lines must not decide which input means what; as listed, where the manifest lists them.
 */
export function rankedTexts(column: Column): { texts: string[]; rankOf: Uint32Array } {
  const texts = column.closed ? [...column.texts.keys()] : sortedTexts(column.texts.keys())
  const rankOf = new Uint32Array(texts.length)
  for (const [rank, text] of texts.entries()) rankOf[column.texts.get(text)!] = rank
  return { texts, rankOf }
}
