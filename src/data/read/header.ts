import { isMissing, isMissingNumber } from './missing.js'
import { isNumeric, isWord, quantityOf } from './notation.js'

/** What the first line of a table is; `unclear` with the reason, in words that follow "this line". */
export type FirstLine = 'header' | 'sample' | { readonly unclear: string }

/** What a cell of the first line looks like above the cells beneath it. */
type Look =
  /** A text above numbers. */
  | 'name'
  /** A number above numbers. */
  | 'number'
  /** A text that stands beneath too. */
  | 'known'
  /** A text or number that does not stand beneath, above texts that repeat. */
  | 'new'

/**
 * Is the first line a header, or the first sample? Numbers above numbers may be either: a header that counts its
 * columns was a sample, and its "label" a third class. Where the cells beneath do not tell it is asked, not guessed.
 *
 * @param first - its cells
 * @param beneath - some lines below it
 */
export function firstLineOf(first: readonly string[], beneath: readonly (readonly string[])[]): FirstLine {
  if (beneath.length === 0) {
    if (first.some(cell => isMissing(cell) || isNumeric(cell))) return 'sample'
    return { unclear: 'is the only one' }
  }
  const looks = first.map((cell, i) => (isMissing(cell) ? undefined : lookOf(cell, columnOf(beneath, i))))
  const count = (wanted: Look): number => looks.filter(look => look === wanted).length
  const [names, numbers, known, unseen] = [count('name'), count('number'), count('known'), count('new')]
  if (known > 0) return names === 0 ? 'sample' : textAboveNumbers(first, looks)
  if (names > 0 && numbers === 0) return 'header'
  const counts = countsUp(first.filter((_, i) => looks[i] === 'number'))
  if (names > 0) return counts ? 'header' : textAboveNumbers(first, looks)
  if (numbers === 0) return onlyTexts(unseen, beneath.length)
  if (!counts) return 'sample'
  // Whole numbers one after another, as no line beneath has them: where each of those has decimals it is clear.
  if (unseen > 0 || beneath.every(cells => cells.some(hasDecimals))) return 'header'
  return first.length < 3 ? 'sample' : { unclear: 'counts its columns, which a header and a sample may do' }
}

/** Has it names where the lines beneath have numbers, and else nothing that they have? */
export function hasNamesAbove(cells: readonly string[], beneath: readonly (readonly string[])[]): boolean {
  if (beneath.length < 2) return false
  const looks = cells.map((cell, i) => (isMissing(cell) ? undefined : lookOf(cell, columnOf(beneath, i))))
  return looks.includes('name') && !looks.includes('number') && !looks.includes('known')
}

function lookOf(cell: string, beneath: readonly string[]): Look | undefined {
  const numbers = beneath.filter(isQuantity).length
  if (beneath.length === 0) return undefined
  if (numbers > beneath.length / 2)
    return isNumeric(cell) || hasUnitOf(cell, beneath) ? 'number' : isMissingNumber(cell) ? undefined : 'name'
  const different = new Set(beneath)
  if (different.has(cell)) return 'known'
  // Where every line has another text, as in a column of names, a new one shows nothing.
  return different.size < beneath.length ? 'new' : undefined
}

/** "0 cm" above cells in cm; while "4wd" above numbers is a name. */
function hasUnitOf(cell: string, beneath: readonly string[]): boolean {
  const unit = quantityOf(cell)?.unit
  return unit !== undefined && beneath.some(other => quantityOf(other)?.unit === unit)
}

function isQuantity(cell: string): boolean {
  return quantityOf(cell) !== undefined
}

function columnOf(lines: readonly (readonly string[])[], i: number): string[] {
  return lines.map(cells => cells[i] ?? '').filter(cell => !isMissing(cell))
}

function textAboveNumbers(first: readonly string[], looks: readonly (Look | undefined)[]): FirstLine {
  const text = first[looks.indexOf('name')]
  return { unclear: `has "${text}" above numbers, and what stands beside it looks like a sample's` }
}

/** A table without numbers: its header has texts that no row has. */
function onlyTexts(unseen: number, rows: number): FirstLine {
  if (unseen === 0) return { unclear: 'has texts only, as the lines beneath, and none of them repeats' }
  return rows < fewRows ? { unclear: 'has texts only, as the few lines beneath' } : 'header'
}

/** In fewer rows a category that only the first of them has is nothing unusual. */
const fewRows = 10

/** Two or more whole numbers, each the next after the one before. */
function countsUp(cells: readonly string[]): boolean {
  return cells.length > 1 && cells.every((cell, i) => /^\d+$/.test(cell) && Number(cell) === Number(cells[0]) + i)
}

function hasDecimals(cell: string): boolean {
  const found = quantityOf(cell)
  return found !== undefined && !isWord(found.unit) && /[.,]\d*[1-9]|e-/i.test(found.digits)
}
