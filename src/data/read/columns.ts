import { canonicalText, sortedTexts } from '../labels.js'
import { type DataLimits, dataError } from '../limits.js'
import { shortList } from '../notes.js'
import { isMissing, isMissingNumber } from './missing.js'
import { type Decimal, isWord, numberOf, quantityOf } from './notation.js'

/**
 * What a column is for. A feature holds numbers or, where none of its cells is one, categories. An answer is what is known
 * of a row that a model is asked about.
 */
export type ColumnRole = 'label' | 'target' | 'peer' | 'group' | 'feature' | 'categorical' | 'answer' | 'unused'

/** One column while it is read: a number for each cell, which for texts is a place in `texts`. */
export interface Column {
  readonly role: ColumnRole
  /** As the header calls it; "column 3" without one. */
  readonly name: string
  /** "column 3" or `column 3 ("age")`. */
  readonly title: string
  readonly texts: Map<string, number>
  /** Are the texts all that there are? Then others are errors. */
  readonly closed: boolean
  /** Is it for a model that is trained, which was settled by other rows? */
  readonly asked: boolean
  /** The mark before the decimals of the file that is being read. */
  decimal: Decimal | undefined
  /** What its cells hold; undefined as long as all are missing. */
  holds: { readonly kind: 'numbers'; readonly unit: string; readonly place: string } | Texts | undefined
  /** A number that begins with 0, as codes do. */
  padded: string | undefined
}

interface Texts {
  readonly kind: 'texts'
  readonly place: string
  readonly text: string
}

/** A cell, and where it stands: "a.csv:12". */
export interface PlacedCell {
  readonly cell: string
  readonly place: string
}

/** What a row cannot do without. */
const needed: Partial<Record<ColumnRole, string>> = {
  label: 'label',
  target: 'number to predict',
  peer: "peer's name",
  // It may be of any group, so no split could be trusted.
  group: 'group',
}

/** What may be done about a column that is neither numbers nor categories. */
const asCategories = 'list the column under data.categorical'

/**
 * Settles by its first cells what a column holds: numbers, in one unit, or texts.
 *
 * @throws {@link HearsayError} naming the cell that does not go with the others
 */
export function settleColumn(column: Column, cells: readonly PlacedCell[]): void {
  if ((column.role !== 'feature' && column.role !== 'target') || column.holds !== undefined) return
  const found = cells
    .filter(({ cell }) => !isMissing(cell))
    .map(({ cell, place }) => ({ cell, place, quantity: quantityOf(cell) }))
  const quantities = found.filter(({ quantity }) => quantity !== undefined)
  const texts = found.filter(({ cell, quantity }) => quantity === undefined && !isMissingNumber(cell))
  const [first] = quantities
  const [text] = texts
  if (first === undefined) {
    if (text !== undefined) column.holds = { kind: 'texts', place: text.place, text: text.cell }
    return
  }
  const words = quantities.filter(({ quantity }) => isWord(quantity!.unit)).length
  // "4wd" beside "fwd" is a word; "4 kg" in most lines is a number.
  if (text !== undefined && words === quantities.length && words < texts.length) {
    column.holds = { kind: 'texts', place: text.place, text: text.cell }
    return
  }
  if (text !== undefined) throw notANumber(column, text)
  const { unit } = first.quantity!
  const other = quantities.find(({ quantity }) => quantity!.unit !== unit)
  if (other !== undefined) throw otherUnit(column, other, unit, other.quantity!.unit)
  column.holds = { kind: 'numbers', unit, place: first.place }
}

/**
 * Reads one cell of a column.
 *
 * @param place - file and line, for the error
 * @returns the number, NaN when missing, or the text's place in the column's texts
 * @throws {@link HearsayError} naming the cell that does not fit the column
 */
export function readCell(column: Column, cell: string, place: string, limits: DataLimits): number {
  const { role } = column
  if (role === 'unused') return NaN
  if (isMissing(cell)) return missingCell(column, place)
  if (role === 'answer') return codeOf(column, cell, place, limits)
  if (role !== 'feature' && role !== 'target') return codeOf(column, textIn(column, cell), place, limits)
  if (column.holds === undefined) settleColumn(column, [{ cell, place }])
  if (column.holds?.kind === 'texts') {
    const quantity = quantityOf(cell)
    if (role === 'target' || (quantity !== undefined && !isWord(quantity.unit))) {
      throw notANumber(column, { cell: column.holds.text, place: column.holds.place })
    }
    return codeOf(column, cell.normalize('NFC'), place, limits)
  }
  if (isMissingNumber(cell)) return missingCell(column, place)
  return numberIn(column, cell, place)
}

/** One spelling for one value: where decimals come after a comma, "1,0" is the class 1. */
export function textIn({ role, decimal }: Pick<Column, 'role' | 'decimal'>, cell: string): string {
  const isName = role === 'peer' || role === 'group'
  const quantity = !isName && decimal === ',' ? quantityOf(cell) : undefined
  const number = quantity?.unit === '' ? numberOf(quantity.digits, decimal) : undefined
  return canonicalText(number ?? cell)
}

function missingCell({ role, title }: Column, place: string): number {
  const missing = needed[role]
  if (missing === undefined) return NaN
  throw dataError(place, `${title}: the ${missing} is missing; write it, or take the line away`)
}

function numberIn(column: Column, cell: string, place: string): number {
  const { holds, decimal, title } = column
  const quantity = quantityOf(cell)
  if (quantity === undefined || holds?.kind !== 'numbers') throw notANumber(column, { cell, place })
  if (quantity.unit !== holds.unit) throw otherUnit(column, { cell, place }, holds.unit, quantity.unit)
  const number = numberOf(quantity.digits, decimal)
  if (number === undefined) throw dataError(place, `${title}: ${notInNotation(cell, quantity.digits, decimal)}`)
  if (/^0\d+$/.test(quantity.digits)) column.padded ??= cell
  if (Number.isFinite(Math.fround(number))) return number
  const scale = column.asked ? '' : '; scale the column'
  throw dataError(place, `${title}: "${cell}" is beyond what float32 holds (3.4e38)${scale}`)
}

/** Why digits are no number, though they look like one. */
function notInNotation(cell: string, digits: string, decimal: Decimal | undefined): string {
  if (/[eE]/.test(digits)) return `"${cell}" is beyond every number; correct it`
  return decimal === undefined
    ? `"${cell}" may have decimals after its comma or be more than a thousand; choose with --decimal , or --decimal . (data.decimal)`
    : `"${cell}" is not a number whose decimals come after "${decimal}", as in the rest of the table; write all alike`
}

function notANumber({ title, role, asked }: Column, { cell, place }: PlacedCell): Error {
  if (asked) return dataError(place, `${title}: "${cell}" is not a number; leave it empty if it is missing`)
  if (role === 'target') {
    return dataError(place, `${title}: "${cell}" is no number that can be predicted; for classes there is data.label`)
  }
  return dataError(
    place,
    `${title}: "${cell}" is not a number, but other lines have numbers there; correct it, leave it empty if it is missing, or ${asCategories}`,
  )
}

function otherUnit({ title, role, asked }: Column, { cell, place }: PlacedCell, unit: string, other: string): Error {
  const named = (unit: string): string => (unit === '' ? 'without a unit' : `in ${unit}`)
  if (asked) {
    return dataError(
      place,
      `${title}: "${cell}" is ${named(other)}, and what the model was trained with ${named(unit)}; write it so`,
    )
  }
  return dataError(
    place,
    `${title}: "${cell}" is ${named(other)}, and other lines are ${named(unit)}; write all alike${role === 'target' ? '' : `, or ${asCategories}`}`,
  )
}

function codeOf(column: Column, text: string, place: string, limits: DataLimits): number {
  const known = column.texts.get(text)
  if (known !== undefined) return known
  if (column.closed) {
    throw dataError(
      place,
      column.asked
        ? `${column.title}: "${text}" is none of the values of the model: ${shortList([...column.texts.keys()])}; leave it empty if it is missing`
        : `${column.title}: "${text}" is none of the values ${shortList([...column.texts.keys()])} listed under data.categorical`,
    )
  }
  const [most, advice] = {
    label: [limits.classes, 'is it a number to predict? then name it under data.target'],
    peer: [limits.naturalPeers, 'name another column under data.peerColumn'],
    group: [Infinity, ''],
    feature: [limits.categories, 'is it a name or an identifier? leave it out with --columns (data.columns)'],
    categorical: [limits.categories, 'leave it out with --columns (data.columns)'],
    answer: [Infinity, ''],
  }[column.role as Exclude<ColumnRole, 'target' | 'unused'>] as [number, string]
  if (column.texts.size === most)
    throw dataError(place, `${column.title}: more than ${most} different values; ${advice}`)
  const code = column.texts.size
  column.texts.set(text, code)
  return code
}

/** How many inputs of the model a column becomes: one, or one per category. */
export function inputsOf(column: Column): number {
  if (column.role !== 'feature' && column.role !== 'categorical') return 0
  return isCategorical(column) ? column.texts.size : 1
}

/** Do the column's cells hold places in its texts? */
export function isCategorical(column: Column): boolean {
  return column.role === 'categorical' || column.holds?.kind === 'texts'
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
