import { answerOf, isInput, type SchemaColumn, type Task } from '../data/index.js'
import { shown } from '../foreign.js'
import type { Manifest } from '../node/index.js'

/** How many names a line lists, and how many characters of each. */
const namesListed = 8
const nameLength = 40

/**
 * What peers agree on about their data, as a line for people: "finish (amber, blue), noise; to learn: fault (0, 1)".
 * Undefined where they agree on nothing.
 */
export function taskText({ columns, header = true, inputShape, pixels, classes = [] }: Task): string | undefined {
  // Rows that are images have a column for each pixel, which are too many to list.
  if (columns !== undefined && (inputShape === undefined || inputShape.length === 1)) {
    const inputs = list(columns.filter(isInput).map(columnText))
    const answer = answerOf({ columns })
    const learnt = answer.kind === 'label' ? `${name(answer.name)} (${names(classes)})` : columnText(answer)
    return `${inputs}; to learn: ${learnt}; ${header ? 'found by their names' : `by their places, ${columns.length} columns without a header`}`
  }
  const known = classes.length < 2 ? [] : [`classes ${names(classes)}`]
  const shape = inputShape === undefined ? [] : [`${inputShape.join('×')} ${pixels ? 'pixels' : 'numbers'}`]
  return [...shape, ...known].join(', ') || undefined
}

/** A manifest for people: without the columns of a headerless table of numbers, which {@link taskText} lists. */
export function withoutNumbers(manifest: Manifest): Manifest {
  const { header, columns = [], ...task } = manifest.task ?? {}
  const isPlain = header === false && columns.every(({ kind, ...more }) => kind !== 'category' && !('unit' in more))
  return isPlain ? { ...manifest, task: { header, ...task } } : manifest
}

function columnText(column: SchemaColumn): string {
  if (column.kind === 'category') return `${name(column.name)} (${names(column.values)})`
  const unit = 'unit' in column ? column.unit : undefined
  return unit === undefined ? name(column.name) : `${name(column.name)} (in ${name(unit)})`
}

function name(text: string): string {
  return shown(text, nameLength)
}

function names(texts: readonly string[]): string {
  return list(texts.map(name))
}

function list(texts: readonly string[]): string {
  const more = texts.length - namesListed
  return more > 0 ? `${texts.slice(0, namesListed).join(', ')} and ${more} more` : texts.join(', ')
}
