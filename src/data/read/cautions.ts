import { spelledAlike } from '../labels.js'
import { dataError } from '../limits.js'
import type { Column } from './columns.js'
import { disguiseOf, isDay } from './disguised.js'
import { ranges } from './names.js'
import { decimalIn, isNumeric, numberOf, quantityOf } from './notation.js'
import type { TableOptions } from './roles.js'
import type { Table } from './table.js'

/*
 * What a table may hold that can be read and must not be learned in silence: names and dates as categories, numbers as
 * classes, a header as a sample.
 */

/** Fewer different values are never too many, however short the table. */
const fewValues = 10
/** So many classes of numbers are unusual: digits have 10, letters 26. */
const manyClasses = 20
/** A class with fewer rows on average cannot be learned and tested. */
const rowsOfClass = 5

/** How columns are called that hold the class. */
const labelName = /^(class|label|target|outcome)(s|es)?$/i

/**
 * Looks at a whole table for what is no input and no class.
 *
 * @returns what its owner should know, a sentence each
 * @throws {@link HearsayError} naming the column, an example and what to do
 */
export function checkTable(table: Table, options: TableOptions, path: string): string[] {
  const notes: string[] = []
  for (const [i, column] of table.columns.entries()) {
    if (column.role === 'feature' && column.holds?.kind === 'texts') notes.push(...checkCategories(table, i, path))
    if (column.role === 'label') {
      if (options.label === undefined && options.agreed === undefined) checkLabel(table, i, path)
      if (options.header === undefined && !table.header) checkFirstLines(table, i)
      if (options.classes === undefined) notes.push(...checkClasses(table, i, path))
    }
    if (column.role !== 'feature' || column.holds?.kind !== 'numbers') continue
    if (column.padded !== undefined) {
      notes.push(
        `${column.title}: numbers that begin with 0, like ${column.padded}, are read as numbers; list the column under data.categorical if they are codes`,
      )
    }
    notes.push(...numberNotes(table, i))
    if (countsRows(table, i)) {
      notes.push(
        `${column.title} numbers the rows and is an input all the same; leave it out with ${without(table, i)}`,
      )
    }
  }
  return notes
}

/** Numbers that are written where a value is missing: no column that has them has others near them. */
const stops: readonly number[] = [-99, -999, -9999, -99_999]

/** Above this a number of 32 bits may be the same as the next one. */
const wholeIn32Bits = 2 ** 24
/** How many values are compared to see whether 32 bits distinguish them. */
const valuesCompared = 10_000

/** What may not be meant as a number, though it is one. */
function numberNotes(table: Table, at: number): string[] {
  const { title, decimal } = table.columns[at]!
  const values = valuesOf(table, at)
  const notes: string[] = []
  if (values.length > 0 && values.every(isDay)) {
    notes.push(
      `${title}: its numbers look like dates, as ${values[0]}, and are read as numbers; leave them out with ${without(table, at)}`,
    )
  }
  // Any other number with a mark would have settled it: "1.5", "0.123", "1234.567".
  const unclear = decimal === undefined ? values.find(value => !Number.isInteger(value)) : undefined
  if (unclear !== undefined) {
    notes.push(
      `${title}: the point in numbers like ${unclear.toFixed(3)} stands before decimals; set --decimal , (data.decimal) if it stands between thousands`,
    )
  }
  const stop = stops.find(stop => values.includes(stop) && values.every(value => value === stop || value > stop / 10))
  if (stop !== undefined && values.some(value => value !== stop)) {
    const times = values.filter(value => value === stop).length
    notes.push(
      `${title}: ${stop} in ${times} of ${values.length} rows is read as a number; leave the cells empty if it means that nothing is known`,
    )
  }
  if (values.some(value => Math.abs(value) > wholeIn32Bits)) {
    const different = new Set(values.slice(0, valuesCompared))
    const kept = new Set([...different].map(Math.fround)).size
    if (kept < different.size / 2) {
      notes.push(
        `${title}: in the 32 bits that a model has, only ${kept} of ${different.size} values like ${values[0]} differ; subtract what they have in common, or leave them out with ${without(table, at)}`,
      )
    }
  }
  return notes
}

/** How a column is left out. */
function without({ columns }: Table, at: number): string {
  const used = [...columns.keys()].filter(i => i !== at && columns[i]!.role !== 'unused')
  return `--columns ${ranges(used)} (data.columns)`
}

function checkCategories(table: Table, at: number, path: string): string[] {
  const { title, texts } = table.columns[at]!
  const [example] = texts.keys()
  const otherwise = `leave it out with ${without(table, at)}, or list it under data.categorical`
  const found = disguiseOf([...texts.keys()])
  if (found !== undefined) {
    throw dataError(path, `${title} holds ${found}, like "${example}", which are no categories; ${otherwise}`)
  }
  const rows = valuesOf(table, at).length
  if (texts.size > fewValues && texts.size > rows / 2) {
    throw dataError(
      path,
      `${title} has another text in nearly every row, like "${example}", so it is no category; ${otherwise}`,
    )
  }
  const alike = spelledAlike([...texts.keys()])
  return [
    ...(texts.size > fewValues && texts.size > rows / rowsOfClass
      ? [
          `${title}: its ${texts.size} different texts in ${rows} rows are an input each; are they names? then leave it out with ${without(table, at)}`,
        ]
      : []),
    ...(alike === undefined
      ? []
      : [`${title}: "${alike[0]}" and "${alike[1]}" are two categories; write them alike if they mean the same`]),
  ]
}

/** The cells of a column that are not missing. */
function valuesOf({ cells, columns, rows }: Table, at: number): number[] {
  const values: number[] = []
  for (let row = 0; row < rows; row++) {
    const cell = cells[row * columns.length + at]!
    if (!Number.isNaN(cell)) values.push(cell)
  }
  return values
}

/** Where nobody names the label it is the last column; which is hardly meant where another is called so. */
function checkLabel({ columns }: Table, at: number, path: string): void {
  const own = columns[at]!
  const other = columns.find(({ name, role }) => role === 'feature' && labelName.test(name))
  if (other === undefined || labelName.test(own.name)) return
  throw dataError(path, `is the class ${other.title}, or the last one, "${own.name}"? choose with --label (data.label)`)
}

function checkClasses({ columns, rows }: Table, at: number, path: string): string[] {
  const { title, texts, name, decimal } = columns[at]!
  const different = texts.size
  const few = rows < different * rowsOfClass
  if (different <= fewValues) return []
  if (![...texts.keys()].every(isNumeric)) {
    if (different <= rows / 2) return []
    throw dataError(
      path,
      `${title}: nearly every row has another class, like "${[...texts.keys()][0]}"; name the column of the class with --label (data.label)`,
    )
  }
  if (different <= manyClasses) return []
  const target = `to predict the number set --target ${/^[\w.]+$/.test(name) ? name : at + 1} (data.target), or name the column of the class with --label (data.label)`
  if (few || [...texts.keys()].some(text => isBroken(text, decimal))) {
    throw dataError(
      path,
      `${title}: its ${different} different numbers are no classes; ${target}, or list them under data.classes`,
    )
  }
  return different > 2 * manyClasses ? [`${title}: its ${different} different numbers are a class each; ${target}`] : []
}

/** Is it no whole number? */
function isBroken(text: string, decimal: Column['decimal']): boolean {
  const { digits } = quantityOf(text)!
  return decimalIn(digits) !== undefined && !Number.isInteger(numberOf(digits, decimal))
}

/** A header that was taken for a sample is a class that no other line has. */
function checkFirstLines(table: Table, at: number): void {
  const { cells, columns, rows, files } = table
  const codeOf = (row: number): number => cells[row * columns.length + at]!
  const isFirst = (row: number): boolean => row === 0 || files[row] !== files[row - 1]
  const counts = new Map<number, number>()
  for (let row = 0; row < rows; row++) if (!isFirst(row)) counts.set(codeOf(row), (counts.get(codeOf(row)) ?? 0) + 1)
  // Where other classes have only one row, or one other is all there is, it may be chance.
  if ((counts.size < 2 && rows < fewValues) || [...counts.values()].some(count => count < 2)) return
  for (let row = 0; row < rows; row++) {
    if (!isFirst(row) || counts.has(codeOf(row))) continue
    const text = [...columns[at]!.texts.keys()][codeOf(row)]
    throw dataError(
      table.place(row),
      `only this line is of the class "${text}"; is it a header? add --header or --no-header (data.header)`,
    )
  }
}

/** Rises by one from row to row, as the first column that many tools write. */
function countsRows({ cells, columns, rows }: Table, at: number): boolean {
  if (rows < 2 * fewValues) return false
  for (let row = 0; row < rows; row++) {
    if (cells[row * columns.length + at] !== cells[at]! + row) return false
  }
  return true
}
