/*
 * Texts that are a number or a time in another writing: as categories each would be an input of its own, and no two near
 * each other.
 */

/** Their names as Unicode has them. Of more languages some are words in another: set, out, gen. */
const months: ReadonlySet<string> = new Set(
  ['en', 'de', 'fr', 'es'].flatMap(locale =>
    (['long', 'short'] as const).flatMap(month => {
      const format = new Intl.DateTimeFormat(locale, { month, timeZone: 'UTC' })
      return Array.from({ length: 12 }, (_, i) => plainWord(format.format(Date.UTC(2024, i))))
    }),
  ),
)

function plainWord(word: string): string {
  return word.toLowerCase().replace(/\.$/, '')
}

/** A day or a year beside a month: "3 Jan 2024", "Jan-24", "March 3, 2024". A month alone may well be a category. */
function isDateInWords(text: string): boolean {
  const words = text.split(/[\s.,/-]+/).filter(word => word !== '')
  if (words.length < 2 || words.length > 4) return false
  const numbers = words.filter(word => /^\d{1,4}(st|nd|rd|th)?$/i.test(word))
  const names = words.filter(word => months.has(plainWord(word)))
  return names.length === 1 && numbers.length > 0 && numbers.length + 1 >= words.length - 1
}

const patterns: readonly (readonly [RegExp, string])[] = [
  [/^\d{4}([-/.])\d{1,2}(\1\d{1,2})?([T ]\d{1,2}:.*)?$|^\d{1,2}([-/.])\d{1,2}\4\d{2,4}( \d{1,2}:.*)?$/, 'dates'],
  [/^\d{4}-?W\d{2}(-?\d)?$|^Q[1-4][ -]?\d{4}$|^\d{4}[ -]?Q[1-4]$/, 'dates'],
  [/^\d{1,3}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?$/, 'times'],
  [/^\d+ ?(d|h|hrs?|min|m) ?\d+ ?(h|hrs?|min|m|s|sec)?( ?\d+ ?s(ec)?)?$/i, 'durations'],
  [/^[-+]?0x[\da-f]+$/i, 'hexadecimal numbers'],
  [/^[([{].*\d.*[)\]}]$/s, 'numbers in brackets'],
  [/^'[-+]?[\d.,]+'$/, 'numbers in single quotes'],
  [/^[~≈≃] ?[-+]?[\d.,]+$/, 'rough numbers'],
  [/^[-+]?[\d.,]+ ?(±|\+\/-) ?[\d.,]+$/, 'numbers with their error'],
  [/^\d{1,3}(\.\d{1,3}){3}$/, 'network addresses'],
  [/^[\d.,]*\d-$/, 'numbers with their sign behind'],
  [/^[-+]?\d+(_\d+)+$/, 'numbers with underscores'],
  [/^(?=.*\P{ASCII})[-+]?[\p{Nd}.,٫٬]+$/u, 'numbers in other digits than 0 to 9'],
  [/^[-+]?\d+([.,]\d+)? ?\/ ?\d+([.,]\d+)?$/, 'two numbers each'],
  [/^\d+ ?['′] ?\d+([.,]\d+)? ?(["″]|'')?$/, 'feet and inches'],
  [/^[-+]?inf(inity)?$/i, 'infinite numbers'],
]

/** "5 mg/dL (fasting)", "7 mg/dL (fasting)": all state amounts of the same thing. */
function isOneQuantity(texts: readonly string[]): boolean {
  const behind = new Set(texts.map(text => /^[-+]?[\d.,]*\d(?=\D)(.*\p{L}.*)$/su.exec(text)?.[1]))
  return texts.length > 2 && behind.size === 1 && !behind.has(undefined)
}

/** What all of these texts are, where they are no categories: "dates". */
export function disguiseOf(texts: readonly string[]): string | undefined {
  if (texts.every(isDateInWords)) return 'dates'
  if (isOneQuantity(texts)) return 'numbers with the same words behind them'
  return patterns.find(([pattern]) => texts.every(text => pattern.test(text)))?.[1]
}

/** Is the number a day, as 20240131 is? Of one number that is chance, of all of a column it is not. */
export function isDay(value: number): boolean {
  const [year, month, day] = [Math.floor(value / 10_000), Math.floor(value / 100) % 100, value % 100]
  const isWhole = Number.isInteger(value) && year >= 1900 && year < 2100
  return isWhole && month >= 1 && month <= 12 && day >= 1 && day <= 31
}
