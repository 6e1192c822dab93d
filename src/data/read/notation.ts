import { dataError } from '../limits.js'

/*
 * How tables write numbers. "1,5" is one and a half in Zurich, and "1,500" fifteen hundred in Boston: a table shows by
 * its other cells which of the two it means, or it is not read.
 */

/** What stands before the decimals. */
export type Decimal = '.' | ','

/** A number with what is written around it. */
export interface Quantity {
  /** The digits, their marks and the sign, as written. */
  readonly digits: string
  /** "%", "€", "kg"; "" for a plain number. */
  readonly unit: string
}

/** Between thousands: also the spaces that do not break, and the apostrophes of Switzerland. */
const groupMarks = "[,. '’\\u00a0\\u202f]"
/** A group may have two digits, as of lakhs. */
const digitsPattern = `(?:\\d{1,3}(?:${groupMarks}\\d{2,3})*${groupMarks}\\d{3}(?:[.,]\\d*)?|\\d+(?:[.,]\\d*)?|[.,]\\d+)(?:[eE][-+]?\\d+)?`
const quantity = new RegExp(
  `^(?<sign>[-+−]?)(?<before>\\p{Sc}|[A-Z]{3}(?=[ \\d]))?\\s*(?<inner>[-+−]?)(?<digits>${digitsPattern})\\s*(?<after>[%‰]|\\p{Sc}|°?[\\p{L}µ][\\p{L}µ/²³·]{0,15})?$`,
  'u',
)
const plain = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/
/** Third is a place in an order, not three of a thing. */
const ordinal = /^(st|nd|rd|th)$/i

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** Takes a cell apart that is a number but for its notation; undefined when it is a text. */
export function quantityOf(cell: string): Quantity | undefined {
  if (plain.test(cell)) return { digits: cell, unit: '' }
  // No number is longer, and the pattern is not to be run on prose.
  if (cell.length > 64) return undefined
  const groups = quantity.exec(cell)?.groups
  if (groups === undefined) return undefined
  const { sign = '', inner = '', before = '', after = '', digits = '' } = groups
  if ((sign !== '' && inner !== '') || (before !== '' && after !== '' && after !== before)) return undefined
  if (ordinal.test(after) || (before.length === 3 && !currencies.has(before))) return undefined
  return { digits: `${sign || inner ? (sign || inner).replace('−', '-') : ''}${digits}`, unit: before || after }
}

/** Is the cell a number, in whatever notation, of whatever currency or share? */
export function isNumeric(cell: string): boolean {
  const found = quantityOf(cell)
  return found !== undefined && !isWord(found.unit)
}

/** A unit of letters may be a part of a word: "4wd" beside "fwd". */
export function isWord(unit: string): boolean {
  return /^\p{L}/u.test(unit) && !currencies.has(unit)
}

/**
 * What a number's marks say of the table's decimals: the mark before them; `either` where "1,234" may be both; undefined
 * where there is no such mark.
 */
export function decimalIn(digits: string): Decimal | 'either' | undefined {
  const marks = digits.replace(/[eE].*$/, '').match(/[.,]/g) ?? []
  const [first, second] = marks
  if (first === undefined) return undefined
  const last = marks.at(-1) as Decimal
  // Two different marks: the last is before the decimals. The same twice: it is between thousands.
  if (marks.some(mark => mark !== first)) return last
  if (second !== undefined) return first === ',' ? '.' : ','
  // "0,123" and "1234,567" are no thousands, nor is what has other groups: "1 234,567".
  return /^[-+]?[1-9]\d{0,2}[.,]\d{3}$/.test(digits) ? 'either' : last
}

/**
 * The mark before the decimals of a table.
 *
 * @param numbers - its numbers, each with where it stands
 * @param before - the mark of the tables before it, which holds where its own numbers have none
 * @returns undefined where no number shows it
 * @throws {@link HearsayError} when two numbers contradict each other, or "1,234" may be both
 */
export function tableDecimal(
  numbers: Iterable<{ readonly digits: string; readonly place: string }>,
  before?: Decimal,
): Decimal | undefined {
  const seen: Partial<Record<Decimal, { digits: string; place: string }>> = {}
  let unclear: { digits: string; place: string } | undefined
  for (const number of numbers) {
    const decimal = decimalIn(number.digits)
    if (decimal === 'either') {
      if (number.digits.includes(',') || before === ',') unclear ??= number
    } else if (decimal !== undefined) seen[decimal] ??= number
  }
  const { '.': point, ',': comma } = seen
  if (point !== undefined && comma !== undefined) {
    throw dataError(
      comma.place,
      `"${comma.digits}" has its decimals after a comma, and "${point.digits}" (${point.place}) after a point; write all alike, or choose one with --decimal (data.decimal)`,
    )
  }
  if (comma !== undefined) return ','
  if (point !== undefined) return '.'
  if (unclear === undefined) return before
  throw dataError(
    unclear.place,
    `"${unclear.digits}" may have three decimals or be more than a thousand; choose with --decimal , or --decimal . (data.decimal)`,
  )
}

/**
 * The number that digits stand for.
 *
 * @param decimal - undefined: nothing showed the table's mark, so that a point is read and a comma is not
 * @returns undefined when they are no number in this notation
 */
export function numberOf(digits: string, decimal: Decimal | undefined): number | undefined {
  const finite = (text: string): number | undefined => {
    const number = Number(text)
    return Number.isFinite(number) ? number : undefined
  }
  if (decimal !== ',' && plain.test(digits)) return finite(digits)
  const [whole = '', ...rest] = digits.replace(/[eE].*$/, '').split(decimal ?? '.')
  const marks = new Set(whole.match(/[^\d+-]/g) ?? [])
  // Thousands have one mark, and none comes after the decimals; a comma that nothing has explained is not read.
  if (rest.length > 1 || marks.size > 1 || marks.has(decimal ?? ',')) return undefined
  // No thousand begins with 0: "0,891" in a table of points is eight hundred to nobody.
  if (marks.size === 1 && !/^[-+]?[1-9]\d{0,2}(?:\D\d{2,3})*\D\d{3}$/.test(whole)) return undefined
  const [fraction = ''] = rest
  if (!/^\d*$/.test(fraction)) return undefined
  const exponent = /[eE].*$/.exec(digits)?.[0] ?? ''
  return finite(`${whole.replace(/[^\d+-]/g, '')}.${fraction}${exponent}`)
}
