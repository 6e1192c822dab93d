/** How tables write that a value is not known, of whatever kind. */
const missingTexts: ReadonlySet<string> = new Set([
  '',
  '?',
  'NA',
  'N/A',
  '#N/A',
  '<NA>',
  'NaN',
  'nan',
  'NAN',
  'null',
  'NULL',
  '\\N',
])

/** Among numbers they can mean nothing else; of texts they may be a category: no alcohol, none of the options. */
const missingNumbers: ReadonlySet<string> = new Set([
  'None',
  'none',
  'nil',
  'na',
  'n/a',
  'n.a.',
  '-',
  '--',
  '.',
  '*',
  '#NUM!',
])

/** Does the cell say that its value is not known? */
export function isMissing(cell: string): boolean {
  return missingTexts.has(cell)
}

/** Does it say so in a column of numbers? */
export function isMissingNumber(cell: string): boolean {
  return missingTexts.has(cell) || missingNumbers.has(cell)
}
